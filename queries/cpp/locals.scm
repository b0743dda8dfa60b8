; Which names are bound where, and which are used. The captures: ../README.md.
; Beside ../c.

[
  (lambda_expression)
  (for_range_loop)
  (catch_clause)
  (template_declaration)
] @scope

(class_specifier name: (type_identifier) @bound body: (_))
(alias_declaration name: (type_identifier) @bound)

(type_parameter_declaration (type_identifier) @bound)
(optional_type_parameter_declaration name: (type_identifier) @bound)
(variadic_type_parameter_declaration (type_identifier) @bound)
(optional_parameter_declaration declarator: (identifier) @bound)
(reference_declarator (identifier) @bound)
(variadic_declarator (identifier) @bound)
(for_range_loop declarator: (identifier) @bound)
(structured_binding_declarator (identifier) @bound)
(lambda_capture_initializer left: (identifier) @bound)

(qualified_identifier scope: (_) @receiver name: [(identifier) (type_identifier)] @use)
(field_expression argument: (_) @receiver field: (template_method name: (field_identifier) @use))
