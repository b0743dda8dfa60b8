; What a file defines. The captures: ../README.md.
; Beside ../c.

(class_specifier name: (type_identifier) @name body: (_) @body @inside) @type
(class_specifier name: (template_type name: (_) @name) body: (_) @body @inside) @type
(alias_declaration name: (_) @name) @type
(concept_definition name: (_) @name) @interface
(namespace_definition name: (_) @name body: (_) @body @inside) @module

; Methods within their class.
(function_definition
  declarator: [
    (function_declarator declarator: [(identifier) (field_identifier) (destructor_name) (operator_name)] @name)
    (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))
    (reference_declarator (function_declarator declarator: [(identifier) (field_identifier) (operator_name)] @name))
  ]
  body: (_)? @body) @function
(field_declaration
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name)] @name)
    (pointer_declarator declarator: (function_declarator declarator: (field_identifier) @name))
    (reference_declarator (function_declarator declarator: [(field_identifier) (operator_name)] @name))
  ]) @function
(declaration declarator: (function_declarator declarator: (destructor_name) @name)) @function
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @variable

; Methods outside of it: `int Class::name() { … }`.
(function_definition
  declarator: [
    (function_declarator
      declarator: (qualified_identifier
        scope: [(namespace_identifier) @owner (template_type name: (_) @owner)]
        name: [(identifier) (destructor_name) (operator_name)] @name))
    (_ (function_declarator
      declarator: (qualified_identifier
        scope: [(namespace_identifier) @owner (template_type name: (_) @owner)]
        name: [(identifier) (operator_name)] @name)))
    (function_declarator
      declarator: (qualified_identifier
        name: (qualified_identifier
          scope: [(namespace_identifier) @owner (template_type name: (_) @owner)]
          name: [(identifier) (destructor_name) (operator_name)] @name)))
  ]
  body: (_)? @body) @function

[
  (template_declaration)
  (namespace_definition !name)
] @inside
