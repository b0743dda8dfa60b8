; What a file defines. The captures: ../README.md.

(class_declaration name: (_) @name body: (_) @body @inside) @type
(record_declaration name: (_) @name body: (_) @body @inside) @type
(enum_declaration name: (_) @name body: (_) @body @inside) @type
(interface_declaration name: (_) @name body: (_) @body @inside) @interface
(annotation_type_declaration name: (_) @name body: (_) @body @inside) @interface

(method_declaration name: (_) @name body: (_)? @body) @function
(constructor_declaration name: (_) @name body: (_) @body) @function
(compact_constructor_declaration name: (_) @name body: (_) @body) @function
(annotation_type_element_declaration name: (_) @name) @function

(field_declaration declarator: (variable_declarator name: (_) @name value: (_)? @body)) @variable
(constant_declaration declarator: (variable_declarator name: (_) @name value: (_)? @body)) @constant
(enum_constant name: (_) @name body: (_)? @body) @variant

[
  (enum_body_declarations)
  (ERROR)
] @inside

[
  (line_comment)
  (block_comment)
] @comment
