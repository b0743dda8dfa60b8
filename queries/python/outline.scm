; What a file defines. The captures: ../README.md.

(function_definition
  name: (identifier) @name
  body: (block . (expression_statement (string) @doc)) @body) @function
(function_definition name: (identifier) @name body: (block) @body) @function
(class_definition
  name: (identifier) @name
  body: (block . (expression_statement (string) @doc)) @body @inside) @type
(class_definition name: (identifier) @name body: (block) @body @inside) @type
(type_alias_statement left: (type (identifier) @name)) @type

(expression_statement (assignment left: (identifier) @name right: (_)? @body)) @variable

; What stands under a condition is defined, too.
[
  (decorated_definition)
  (if_statement)
  (elif_clause)
  (else_clause)
  (try_statement)
  (except_clause)
  (block)
  (ERROR)
] @inside

(comment) @comment
(decorator) @attribute
