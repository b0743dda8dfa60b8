; Which names are bound where, and which are used. The captures: ../README.md.
; For JavaScript and TypeScript.

[
  (function_declaration)
  (generator_function_declaration)
  (function_expression)
  (generator_function)
  (arrow_function)
  (method_definition)
  (statement_block)
  (for_statement)
  (for_in_statement)
  (catch_clause)
] @scope

(function_declaration name: (_) @declared)
(generator_function_declaration name: (_) @declared)
(function_expression name: (_) @bound)
(class_declaration name: (_) @bound)
(class name: (_) @bound)

(variable_declarator name: (identifier) @bound)
(arrow_function parameter: (identifier) @bound)
(for_in_statement kind: _ left: (identifier) @bound)
(catch_clause parameter: (identifier) @bound)
(assignment_pattern left: (identifier) @bound)
(rest_pattern (identifier) @bound)
(array_pattern (identifier) @bound)
(pair_pattern value: (identifier) @bound)
(shorthand_property_identifier_pattern) @bound

(identifier) @use
(shorthand_property_identifier) @use
(member_expression object: (_) @receiver property: (property_identifier) @use)
