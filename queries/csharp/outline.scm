; What a file defines. The captures: ../README.md.

(namespace_declaration name: (_) @name body: (_) @body @inside) @module
(file_scoped_namespace_declaration name: (_) @name) @module

(class_declaration name: (_) @name body: (_)? @body @inside) @type
(struct_declaration name: (_) @name body: (_)? @body @inside) @type
(record_declaration name: (_) @name body: (_)? @body @inside) @type
(enum_declaration name: (_) @name body: (_)? @body @inside) @type
(delegate_declaration name: (_) @name) @type
(interface_declaration name: (_) @name body: (_)? @body @inside) @interface

(method_declaration name: (_) @name body: (_)? @body) @function
(constructor_declaration name: (_) @name body: (_)? @body) @function
(property_declaration name: (_) @name accessors: (_)? @body) @variable
(event_declaration name: (_) @name accessors: (_)? @body) @variable
(field_declaration (variable_declaration (variable_declarator name: (_) @name))) @variable
(event_field_declaration (variable_declaration (variable_declarator name: (_) @name))) @variable
(enum_member_declaration name: (_) @name) @variant

[
  (declaration_list)
  (preproc_if)
  (preproc_elif)
  (preproc_else)
  (ERROR)
] @inside

(comment) @comment
