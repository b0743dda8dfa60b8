; What an evaluation cuts out of a file. The captures: ../README.md.

(argument_list) @arguments
(function_declarator parameters: (parameter_list) @arguments)

(translation_unit (_) @statement)
(declaration_list (_) @statement)
(compound_statement (_) @statement)
(field_declaration_list (_) @statement)

(function_definition body: (compound_statement) @body)
