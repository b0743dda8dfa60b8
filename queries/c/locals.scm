; Which names are bound where, and which are used. The captures: ../README.md.

[
  (function_definition)
  (compound_statement)
  (for_statement)
  (preproc_function_def)
] @scope

(function_declarator declarator: (identifier) @declared)
(struct_specifier name: (type_identifier) @bound body: (_))
(union_specifier name: (type_identifier) @bound body: (_))
(enum_specifier name: (type_identifier) @bound body: (_))
(type_definition declarator: (type_identifier) @bound)
(enumerator name: (identifier) @label)
(preproc_def name: (identifier) @label)
(preproc_function_def name: (identifier) @declared)
(preproc_params (identifier) @bound)

(declaration declarator: (identifier) @bound)
(init_declarator declarator: (identifier) @bound)
(parameter_declaration declarator: (identifier) @bound)
(pointer_declarator declarator: (identifier) @bound)
(array_declarator declarator: (identifier) @bound)
(parenthesized_declarator (identifier) @bound)

(identifier) @use
(type_identifier) @use
(field_expression argument: (_) @receiver field: (field_identifier) @use)
