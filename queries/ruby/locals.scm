; Which names are bound where, and which are used. The captures: ../README.md.

[
  (method)
  (singleton_method)
  (block)
  (do_block)
  (lambda)
] @scope

(method name: (_) @label)
(singleton_method name: (_) @label)
(class name: (constant) @label)
(module name: (constant) @label)

(method_parameters (identifier) @bound)
(block_parameters (identifier) @bound)
(lambda_parameters (identifier) @bound)
(destructured_parameter (identifier) @bound)
(optional_parameter name: (identifier) @bound)
(keyword_parameter name: (identifier) @bound)
(splat_parameter name: (identifier) @bound)
(hash_splat_parameter name: (identifier) @bound)
(block_parameter name: (identifier) @bound)

(assignment left: (identifier) @bound)
(operator_assignment left: (identifier) @bound)
(left_assignment_list (identifier) @bound)
(destructured_left_assignment (identifier) @bound)
(rest_assignment (identifier) @bound)
(for pattern: (identifier) @bound)
(exception_variable (identifier) @bound)
(as_pattern name: (identifier) @bound)

(identifier) @use
(constant) @use
(call receiver: (_) @receiver method: (_) @use)
(scope_resolution scope: (_) @receiver name: (constant) @use)
