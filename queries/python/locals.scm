; Which names are bound where, and which are used. The captures: ../README.md.

[
  (function_definition)
  (lambda)
  (list_comprehension)
  (set_comprehension)
  (dictionary_comprehension)
  (generator_expression)
] @scope

(function_definition name: (identifier) @declared)
(class_definition name: (identifier) @bound)
(type_parameter (type (identifier) @bound))

(parameters (identifier) @bound)
(lambda_parameters (identifier) @bound)
(default_parameter name: (identifier) @bound)
(typed_parameter . (identifier) @bound)
(typed_default_parameter name: (identifier) @bound)
(list_splat_pattern (identifier) @bound)
(dictionary_splat_pattern (identifier) @bound)

(assignment left: (identifier) @bound)
(augmented_assignment left: (identifier) @bound)
(named_expression name: (identifier) @bound)
(pattern_list (identifier) @bound)
(tuple_pattern (identifier) @bound)
(list_pattern (identifier) @bound)
(for_statement left: (identifier) @bound)
(for_in_clause left: (identifier) @bound)
(as_pattern_target (identifier) @bound)
(case_pattern (dotted_name . (identifier) @bound .))

(keyword_argument name: (identifier) @label)
(keyword_pattern . (identifier) @label)

(identifier) @use
(attribute object: (_) @receiver attribute: (identifier) @use)
