; What a file defines. The captures: ../README.md.

; `int *name(void) { … }`, and the same without a body in a header.
(function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
    (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)))
  ]
  body: (_) @body) @function
(declaration
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (function_declarator declarator: (identifier) @name))
    (pointer_declarator declarator: (pointer_declarator declarator: (function_declarator declarator: (identifier) @name)))
  ]) @function

(declaration
  declarator: [
    (identifier) @name
    (array_declarator declarator: (identifier) @name)
    (pointer_declarator declarator: (identifier) @name)
  ]) @variable
(declaration
  declarator: (init_declarator
    declarator: [
      (identifier) @name
      (array_declarator declarator: (identifier) @name)
      (pointer_declarator declarator: (identifier) @name)
      (pointer_declarator declarator: (array_declarator declarator: (identifier) @name))
    ]
    value: (_) @body)) @variable

(struct_specifier name: (_) @name body: (_) @body @inside) @type
(union_specifier name: (_) @name body: (_) @body @inside) @type
(enum_specifier name: (_) @name body: (_) @body @inside) @type
(type_definition
  type: [
    (struct_specifier body: (_) @body @inside)
    (union_specifier body: (_) @body @inside)
    (enum_specifier body: (_) @body @inside)
  ]
  declarator: (type_identifier) @name) @type
(type_definition
  declarator: [
    (type_identifier) @name
    (pointer_declarator declarator: (type_identifier) @name)
    (array_declarator declarator: (type_identifier) @name)
    (function_declarator declarator: (type_identifier) @name)
    (function_declarator
      declarator: (parenthesized_declarator (pointer_declarator declarator: (type_identifier) @name)))
  ]) @type

(field_declaration
  declarator: [
    (field_identifier) @name
    (array_declarator declarator: (field_identifier) @name)
    (pointer_declarator declarator: (field_identifier) @name)
    (pointer_declarator declarator: (pointer_declarator declarator: (field_identifier) @name))
    (function_declarator
      declarator: (parenthesized_declarator (pointer_declarator declarator: (field_identifier) @name)))
  ]) @variable
(enumerator name: (_) @name) @variant

; Without a value it guards a header.
(preproc_def name: (_) @name value: (_)) @macro
(preproc_function_def name: (_) @name value: (_)? @body) @macro

[
  (preproc_if)
  (preproc_ifdef)
  (preproc_elif)
  (preproc_else)
  (linkage_specification)
  (declaration_list)
  (ERROR)
] @inside

(comment) @comment
