import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../../kernel/errors.ts';
import { version } from '../../kernel/version.ts';
import { pageParameter } from '../schemas/paging.ts';
import { named } from '../schemas/registry.ts';
import type { Description, Operation, Parameter, SchemaNode } from './document.ts';
import { type Answer, actionOf, jsonRoute, type Route } from './route.ts';
import { routes } from './routes.ts';

type Json = { [key: string]: unknown };

/** Where the document refers to a named schema. */
const place = (id: string) => `#/components/schemas/${id}`;

let made: Description | undefined;

/** The route that answers the description of all routes, itself included. */
export const descriptionRoute = jsonRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This description',
  answer: z.record(z.string(), z.unknown()),
  handle: async () => ({ ...apiDescription() }),
});

/** The description of all routes; it is always the same. */
export function apiDescription(): Description {
  made ??= describe([...routes, descriptionRoute]);
  return made;
}

/** The document of the routes. */
function describe(all: readonly Route[]): Description {
  const paths: Description['paths'] = {};
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
        token: {
          type: 'http',
          scheme: 'bearer',
          description:
            'The main token (VOLT_TOKEN, or the file "token" of the data directory) has the scope admin, which holds write, which holds read; `volt token add` makes others.',
        },
      },
    },
  };
}

function operation(route: Route): Operation {
  return {
    summary: route.summary,
    operationId: actionOf(route),
    tags: [route.path.split('/')[1] ?? ''],
    // reading needs no token where the settings say so; the role is the scope that a token must have
    security: [...(route.method !== 'get' || route.confidential ? [] : [{}]), { token: [route.scope] }],
    parameters: [
      ...parameters('path', route.params),
      ...parameters('query', route.query),
      ...Object.entries({ ...route.headers, ...(revalidates(route) ? conditional : {}) }).map(
        ([name, description]) => ({
          name,
          in: 'header' as const,
          description,
          schema: { type: 'string' },
        }),
      ),
    ],
    ...(route.body ? { requestBody: { content: { 'application/json': { schema: reference(route.body) } } } } : {}),
    responses: { ...success(route), ...failures(route) },
  };
}

function parameters(where: 'path' | 'query', schema: z.ZodObject | undefined): Parameter[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as {
    properties?: { [name: string]: SchemaNode };
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

function success(route: Route): Operation['responses'] {
  const { answer } = route;
  const types = 'schema' in answer ? { 'application/json': '' } : answer.content;
  const content = Object.fromEntries(
    Object.entries(types).map(([type, description]) => [
      type,
      { schema: 'schema' in answer ? reference(answer.schema) : { type: 'string', description } },
    ]),
  );
  const partial = 'partial' in answer && answer.partial;
  const tagged = revalidates(route);
  return {
    [answer.status]: {
      description: answer.status === 202 ? 'it is recorded and will be done' : 'what was asked for',
      content,
      ...(tagged ? { headers: answerHeaders(answer) } : {}),
    },
    ...(tagged ? { 304: { description: 'it is what If-None-Match names' } } : {}),
    ...(partial
      ? { 206: { description: 'the range that was asked for', content }, 416: { description: 'no such range' } }
      : {}),
  };
}

const conditional = { 'If-None-Match': 'the ETag of an answer that the client has already' };

/** Whether answers carry an ETag, see revalidation.ts. */
function revalidates({ method, answer }: Route): boolean {
  return method === 'get' && 'schema' in answer;
}

function answerHeaders(answer: Answer): Json {
  const header = (description: string) => ({ description, schema: { type: 'string' } });
  const paged = 'schema' in answer && pageParameter(answer.schema) !== undefined;
  return {
    ETag: header('tells this content from any other'),
    ...(paged ? { Link: header('where there is a next page: its address, rel="next"') } : {}),
  };
}

/** One answer for each HTTP status, with the codes that come with it. */
function failures(route: Route): Operation['responses'] {
  const codes: ErrorCode[] = ['foreign_host', 'token_needed', 'rate_limited', 'internal', ...route.errors];
  if (route.scope !== 'read') codes.push('scope_needed');
  if (route.params || route.query || route.body) codes.push('bad_request');
  if (route.method !== 'get') codes.push('too_large', 'record_busy', 'record_full');
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
function reference(schema: z.ZodType): SchemaNode {
  const entry = named.get(schema);
  if (entry) return { $ref: place(entry.id) };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as SchemaNode;
}

function namedSchemas(): Description['components']['schemas'] {
  const { schemas } = z.toJSONSchema(named, { uri: place, io: 'input' });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _, $id: __, ...rest }]) => [id, rest as SchemaNode]),
  );
}
