; Which names are bound where, and which are used. The captures: ../README.md.

[
  (function_declaration)
  (method_declaration)
  (func_literal)
  (type_declaration)
  (block)
  (if_statement)
  (for_statement)
  (expression_switch_statement)
  (type_switch_statement)
  (expression_case)
  (type_case)
  (communication_case)
  (default_case)
] @scope

(function_declaration name: (identifier) @declared)
(type_spec name: (type_identifier) @declared)
(type_alias name: (type_identifier) @declared)

(parameter_declaration name: (identifier) @bound)
(variadic_parameter_declaration name: (identifier) @bound)
(type_parameter_declaration name: (identifier) @bound)
(short_var_declaration left: (expression_list (identifier) @bound))
(range_clause left: (expression_list (identifier) @bound))
(receive_statement left: (expression_list (identifier) @bound))
(type_switch_statement alias: (expression_list (identifier) @bound))
(var_spec name: (identifier) @bound)
(const_spec name: (identifier) @bound)

; The field of a struct, or the key of a map.
(keyed_element key: (literal_element (identifier) @label))

(identifier) @use
(type_identifier) @use
(selector_expression operand: (_) @receiver field: (field_identifier) @use)
(qualified_type package: (_) @receiver name: (type_identifier) @use)
