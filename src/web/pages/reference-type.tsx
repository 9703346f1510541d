import type { Child } from 'hono/jsx';
import type { SchemaNode } from '../api/document.ts';

/** A bound that only states the largest safe integer; it is not shown. */
const noBound = Number.MAX_SAFE_INTEGER;

/** A type of JSON Schema as text; named types are links. */
export function TypeOf({ schema }: { schema: SchemaNode }) {
  return <>{wordsOf(schema)}</>;
}

function wordsOf(schema: SchemaNode): Child {
  const { $ref, anyOf, oneOf, type, items, properties, additionalProperties, default: usual } = schema;
  const name = $ref?.split('/').at(-1);
  if (name !== undefined) return <a href={`#schema-${name}`}>{name}</a>;
  const options = anyOf ?? oneOf;
  if (options) return joined(options.map(wordsOf), ' or ');
  const constants = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  if (constants) {
    return (
      <>
        {joined(
          constants.map((one) => <code>{JSON.stringify(one)}</code>),
          ' or ',
        )}
        {suffix(usual)}
      </>
    );
  }
  if (type === 'array') return <>list of {items ? wordsOf(items) : 'anything'}</>;
  if (type === 'object' && properties) {
    const parts = Object.entries(properties).map(([key, value]) => (
      <>
        {key}: {wordsOf(value)}
      </>
    ));
    return (
      <>
        {'{'}
        {joined(parts, ', ')}
        {'}'}
      </>
    );
  }
  if (type === 'object') {
    const values = typeof additionalProperties === 'object' ? additionalProperties : {};
    return <>map of {wordsOf(values)}</>;
  }
  return (
    <>
      {type ?? 'anything'}
      {bounds(schema)}
      {suffix(usual)}
    </>
  );
}

function bounds({ format, minimum, maximum, minLength, maxLength, pattern }: SchemaNode): Child {
  const words = [
    ...(format ? [format] : []),
    ...(minimum !== undefined && minimum !== -noBound ? [`from ${minimum}`] : []),
    ...(maximum !== undefined && maximum !== noBound ? [`to ${maximum}`] : []),
    ...(minLength ? [`at least ${minLength} long`] : []),
    ...(maxLength !== undefined ? [`at most ${maxLength} long`] : []),
  ];
  return (
    <>
      {words.length > 0 && ` (${words.join(', ')})`}
      {pattern && (
        <>
          {' '}
          like <code>{pattern}</code>
        </>
      )}
    </>
  );
}

function suffix(usual: unknown): string {
  return usual === undefined ? '' : `, default ${JSON.stringify(usual)}`;
}

function joined(parts: Child[], between: string): Child {
  return parts.map((part, index) => (
    <>
      {index > 0 && between}
      {part}
    </>
  ));
}
