; What a file defines. The captures: ../README.md.
; For JavaScript and TypeScript.

(function_declaration name: (_) @name body: (_) @body) @function
(generator_function_declaration name: (_) @name body: (_) @body) @function
(class_declaration name: (_) @name body: (_) @body @inside) @type
(method_definition name: (_) @name body: (_) @body) @function

; A function that is a constant's value is called by the constant's name.
(lexical_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @function
(variable_declaration
  (variable_declarator
    name: (identifier) @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)])) @function
(lexical_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body @inside))) @type
(lexical_declaration (variable_declarator name: (identifier) @name value: (_)? @body)) @variable
(variable_declaration (variable_declarator name: (identifier) @name value: (_)? @body)) @variable

; `Type.prototype.name = function () {}`, and `exports.name = function () {}`.
(expression_statement
  (assignment_expression
    left: (member_expression
      object: (member_expression
        object: (identifier) @owner
        property: (property_identifier) @_)
      property: (property_identifier) @name)
    right: [(function_expression body: (_) @body) (arrow_function body: (_) @body)])
  (#eq? @_ "prototype")) @function
(expression_statement
  (assignment_expression
    left: (member_expression property: (property_identifier) @name)
    right: [(function_expression body: (_) @body) (arrow_function body: (_) @body)])) @function

[
  (export_statement)
  (ERROR)
] @inside

(comment) @comment
(decorator) @attribute
