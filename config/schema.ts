import { declaration } from './declaration.ts';

/** JSON Schema (draft-07, which YAML editors read best) of throughcare.yaml, made from the declarations. */
export const configSchema = (): string => {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'throughcare.schema.json',
    title: 'Throughcare configuration',
    ...declaration.schema,
    definitions: {
      reference: {
        description: 'Filled in when the file is read: ${env:NAME}, ${env:NAME:-default}, and for secrets ${file:path}.',
        type: 'string',
        pattern: '\\$\\{(env|file):[^}]*\\}',
      },
    },
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
};
