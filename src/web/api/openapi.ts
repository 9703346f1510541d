import * as z from 'zod';
import { type ErrorCode, errorCodes } from '../../kernel/errors.ts';
import { version } from '../../kernel/version.ts';
import { pageParameter } from '../schemas/paging.ts';
import { named } from '../schemas/registry.ts';
import type { Description, Operation, Parameter, SchemaNode } from './document.ts';
import { actionOf, jsonRoute, type Route } from './route.ts';
import { routes } from './routes.ts';

const tokenMeaning =
  'The main token (VOLT_TOKEN, or the file "token" of the data directory) has the role admin. Each of the roles read, run, approve, own and admin includes those before it; `volt token add` makes tokens with other roles.';

/** Where the document has a named schema. */
const uri = (id: string) => `#/components/schemas/${id}`;

/** Response headers are texts. */
const header = (description: string) => ({ description, schema: { type: 'string' } });

let made: Description | undefined;

/** The route that answers the OpenAPI document, which describes this route as well. */
export const descriptionRoute = jsonRoute({
  method: 'get',
  path: '/openapi.json',
  summary: 'This document',
  answer: z.record(z.string(), z.unknown()),
  handle: async () => ({ ...apiDescription() }),
});

/** The OpenAPI document. It is made once. */
export function apiDescription(): Description {
  made ??= describe([...routes, descriptionRoute]);
  return made;
}

function describe(all: readonly Route[]): Description {
  const paths: Description['paths'] = {};
  for (const route of all) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  const { schemas } = z.toJSONSchema(named, { uri, io: 'input' });
  return {
    openapi: '3.1.0',
    info: { title: 'Volt CI', version, description: 'Lists are newest first. Times are ISO 8601, UTC.' },
    servers: [{ url: '/api/v1' }],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([id, { $schema: _, $id: __, ...rest }]) => [id, rest as SchemaNode]),
      ),
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: tokenMeaning } },
    },
  };
}

function operation(route: Route): Operation {
  const { summary, method, path, confidential, role, params, query, body } = route;
  const headers = {
    ...route.headers,
    ...(hasEtag(route) ? { 'If-None-Match': 'the ETag of an answer that the client already has' } : {}),
  };
  return {
    summary,
    operationId: actionOf(route),
    tags: [path.split('/')[1] ?? ''],
    // VOLT_READING may allow to read without a token
    security: [...(method !== 'get' || confidential ? [] : [{}]), { token: role === null ? [] : [role] }],
    parameters: [
      ...parameters('path', params),
      ...parameters('query', query),
      ...Object.entries(headers).map(([name, text]) => ({ name, in: 'header' as const, ...header(text) })),
    ],
    ...(body ? { requestBody: { content: { 'application/json': { schema: reference(body) } } } } : {}),
    responses: { ...successes(route), ...failures(route) },
  };
}

function parameters(where: 'path' | 'query', schema: z.ZodObject | undefined): Parameter[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' }) as SchemaNode;
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function successes(route: Route): Operation['responses'] {
  const { answer } = route;
  const description = answer.status === 202 ? 'the request is recorded and will be done' : 'success';
  if ('content' in answer) {
    const content = Object.fromEntries(
      Object.entries(answer.content).map(([type, text]) => [type, { schema: { type: 'string', description: text } }]),
    );
    const range = { 206: { description: 'the requested range', content }, 416: { description: 'no such range' } };
    return { 200: { description, content }, ...(answer.partial ? range : {}) };
  }
  const content = { 'application/json': { schema: reference(answer.schema) } };
  if (!hasEtag(route)) return { [answer.status]: { description, content } };
  const headers = {
    ETag: header('identifies this content'),
    ...(pageParameter(answer.schema) ? { Link: header('if there is a next page: its address, rel="next"') } : {}),
  };
  return {
    [answer.status]: { description, content, headers },
    304: { description: 'If-None-Match names the current content' },
  };
}

/** Whether answers have an ETag, see http/etag.ts. */
function hasEtag({ method, answer }: Route): boolean {
  return method === 'get' && 'schema' in answer;
}

/** One answer for each HTTP status of an error, with the codes that have this status. */
function failures(route: Route): Operation['responses'] {
  const codes: ErrorCode[] = [
    'foreign_host',
    'token_needed',
    'token_wrong',
    'rate_limited',
    'internal',
    ...route.errors,
  ];
  if (route.role !== 'read' && route.role !== null) codes.push('role_needed');
  if (route.params || route.query || route.body) codes.push('bad_request');
  if (route.method !== 'get') codes.push('too_large', 'record_busy', 'record_full');
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set(codes))
    byStatus.set(errorCodes[code].http, [...(byStatus.get(errorCodes[code].http) ?? []), code]);
  const content = { 'application/json': { schema: { $ref: uri('Error') } } };
  return Object.fromEntries([...byStatus].map(([status, of]) => [status, { description: of.join(', '), content }]));
}

/** A schema in the document: a reference if it has a name. */
function reference(schema: z.ZodType): SchemaNode {
  const entry = named.get(schema);
  if (entry) return { $ref: uri(entry.id) };
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest as SchemaNode;
}
