import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../kernel/errors.ts';
import { version } from '../../kernel/version.ts';
import { type Answer, jsonRoute, type Route } from './route.ts';
import { routes } from './routes.ts';
import { named } from './schemas.ts';

type Json = { [key: string]: unknown };

/** Where the document refers to a named schema. */
const place = (id: string) => `#/components/schemas/${id}`;

let made: Json | undefined;

/** The route that answers the description of all routes, itself included. */
export const descriptionRoute = jsonRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This description',
  answer: z.record(z.string(), z.unknown()),
  handle: async () => {
    made ??= describe([...routes, descriptionRoute]);
    return made;
  },
});

/** An OpenAPI 3.1 document of the routes, https://spec.openapis.org/oas/v3.1.1.html. */
function describe(all: readonly Route[]): Json {
  const paths: { [path: string]: Json } = {};
  for (const route of all) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Volt CI', version, description: 'Lists are newest first. Times are ISO 8601, UTC.' },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      schemas: namedSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'VOLT_TOKEN, or the file "token" of the data directory' },
      },
    },
  };
}

function operation(route: Route): Json {
  return {
    summary: route.summary,
    // reading needs no token on the machine itself
    security: route.method !== 'get' || route.confidential ? [{ token: [] }] : [{}, { token: [] }],
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...Object.entries(route.headers).map(([name, description]) => ({
        name,
        in: 'header',
        description,
        schema: { type: 'string' },
      })),
    ],
    ...(route.body ? { requestBody: { content: { 'application/json': { schema: reference(route.body) } } } } : {}),
    responses: { ...success(route.answer), ...failures(route) },
  };
}

function parameters(where: 'path' | 'query', schema: z.ZodObject | undefined): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: { [name: string]: Json };
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function success(answer: Answer): Json {
  const types = 'schema' in answer ? { 'application/json': '' } : answer.content;
  const content = Object.fromEntries(
    Object.entries(types).map(([type, description]) => [
      type,
      { schema: 'schema' in answer ? reference(answer.schema) : { type: 'string', description } },
    ]),
  );
  const partial = 'partial' in answer && answer.partial;
  return {
    [answer.status]: {
      description: answer.status === 202 ? 'it is recorded and will be done' : 'what was asked for',
      content,
    },
    ...(partial
      ? { 206: { description: 'the range that was asked for', content }, 416: { description: 'no such range' } }
      : {}),
  };
}

/** One answer for each HTTP status, with the codes that come with it. */
function failures(route: Route): Json {
  const codes: ErrorCode[] = ['foreign_host', 'token_needed', 'internal', ...route.errors];
  if (route.params || route.query || route.body) codes.push('bad_request');
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes))
    byStatus.set(errorCodes[code].http, [...(byStatus.get(errorCodes[code].http) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      { description: of.join(', '), content: { 'application/json': { schema: { $ref: place('Error') } } } },
    ]),
  );
}

/** A schema as the document shows it: by name where it has one. */
function reference(schema: z.ZodType): Json {
  const entry = named.get(schema);
  if (entry) return { $ref: place(entry.id) };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}

function namedSchemas(): Json {
  const { schemas } = z.toJSONSchema(named, { uri: place, io: 'input' });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema: _, $id: __, ...rest }]) => [id, rest]));
}
