import type { Context, Hono } from 'hono';
import type { z } from 'zod';
import { type ErrorCode, VoltError } from '../../kernel/errors.ts';
import type { TokenScope } from '../../kernel/token-scope.ts';
import { validationMessage } from '../../kernel/validation-message.ts';
import type { WebEnv } from '../access/env.ts';
import { requireScope } from '../access/permission.ts';
import { type Requester, requesterOf } from '../access/reader.ts';
import { withEtag } from '../http/etag.ts';
import { pageParameter } from '../schemas/paging.ts';
import type { Web } from '../services.ts';

/** What a route takes and gives; the server and the OpenAPI document are both made of it. */
export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** below /api/v1, in hono's form: `/builds/:id` */
  path: string;
  summary: string;
  params: z.ZodObject | undefined;
  query: z.ZodObject | undefined;
  headers: { [name: string]: string };
  body: z.ZodObject | undefined;
  answer: Answer;
  /** whether a token is needed for reading, too */
  confidential: boolean;
  /** what the caller's token must be good for */
  scope: TokenScope;
  /** codes of the errors that it may answer beside those of every route */
  errors: readonly ErrorCode[];
  answerTo(context: Context<WebEnv>, web: Web): Promise<Response>;
}

/** JSON by a schema, or something else that the handler answers by itself. */
export type Answer =
  | { status: 200 | 201 | 202; schema: z.ZodType }
  | { status: 200; content: { [type: string]: string }; partial?: boolean };

type Values<S extends z.ZodObject | undefined> = S extends z.ZodObject ? z.output<S> : Record<string, never>;

interface Given<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodObject | undefined,
> {
  params: Values<P>;
  query: Values<Q>;
  body: Values<B>;
  requester: Requester;
  /** scheme, host and port that it was asked at */
  origin: string;
}

interface Description<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodObject | undefined,
> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  headers?: { [name: string]: string };
  confidential?: boolean;
  /** where it is absent: `read` for reading what is not confidential, else `admin` */
  scope?: TokenScope;
  errors?: readonly ErrorCode[];
}

/** A route that answers JSON. `handle` gets what the schemas have let through, and what it returns goes through one too. */
export function jsonRoute<
  A extends z.ZodType,
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodObject | undefined = undefined,
>(
  description: Description<P, Q, B> & {
    status?: 200 | 201 | 202;
    answer: A;
    handle(given: Given<P, Q, B>, web: Web): Promise<z.input<A>>;
  },
): Route {
  const { status = 200, answer, handle } = description;
  return {
    ...parts(description),
    answer: { status, schema: answer },
    answerTo: async (context, web) => {
      const value = answer.parse(await handle(await given(description, context), web)) as object;
      if (description.method !== 'get') {
        // what is new has no name yet in the path
        if (!description.params && 'name' in value) context.set('target', String(value.name));
        return context.json(value, status);
      }
      const parameter = pageParameter(answer);
      if (parameter && 'next' in value && value.next !== null)
        context.header('link', nextPage(context, parameter, String(value.next)));
      return withEtag(context, context.json(value), description.confidential === true);
    },
  };
}

/** The address of the next page of a list, RFC 8288. */
function nextPage(context: Context<WebEnv>, parameter: string, next: string): string {
  const { pathname, searchParams } = new URL(context.req.url);
  searchParams.set(parameter, next);
  return `<${pathname}?${searchParams}>; rel="next"`;
}

/** A route that answers something else than JSON: a file or a stream. */
export function contentRoute<
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
>(
  description: Description<P, Q, undefined> & {
    content: { [type: string]: string };
    partial?: boolean;
    handle(given: Given<P, Q, undefined>, context: Context<WebEnv>, web: Web): Promise<Response>;
  },
): Route {
  const { content, partial = false, handle } = description;
  return {
    ...parts(description),
    answer: { status: 200, content, partial },
    answerTo: async (context, web) => handle(await given(description, context), context, web),
  };
}

const verbs = { get: 'get', put: 'set', patch: 'change', delete: 'remove', post: 'add' } as const;

/**
 * What a route does as one word that never changes, for the audit log and the description: `builds.cancel` of `POST
 * /builds/:id/cancel`, `repos.secrets.set` of `PUT /repos/:name/secrets/:entry`, `builds.list` of `GET /builds`.
 */
export function actionOf({ method, path, answer }: Pick<Route, 'method' | 'path' | 'answer'>): string {
  const words = path.split('/').filter((part) => part !== '' && !part.startsWith(':'));
  // the last word of what is posted says what is done, but where that is adding to a list
  if (method === 'post' && words.length > 1) return words.join('.');
  const isList = method === 'get' && 'schema' in answer && pageParameter(answer.schema) !== undefined;
  return [...words, isList ? 'list' : verbs[method]].join('.');
}

/** What the path names, in its order. */
function targetOf({ path }: Route, context: Context<WebEnv>): string {
  return [...path.matchAll(/:(\w+)/g)].map(([, part = '']) => context.req.param(part)).join(' ');
}

/** Puts routes below the app's path. */
export function serveRoutes(app: Hono<WebEnv>, routes: readonly Route[], web: Web): void {
  for (const route of routes) {
    app.on(route.method.toUpperCase(), route.path, (context) => {
      context.set('action', actionOf(route));
      context.set('target', targetOf(route, context));
      if (route.confidential || route.method !== 'get') requireScope(context, route.scope, actionOf(route));
      return route.answerTo(context, web);
    });
  }
}

function parts<P extends z.ZodObject | undefined, Q extends z.ZodObject | undefined, B extends z.ZodObject | undefined>(
  description: Description<P, Q, B>,
) {
  const { method, path, summary, params, query, body, headers = {}, confidential = false, errors = [] } = description;
  const { scope = method === 'get' && !confidential ? 'read' : 'admin' } = description;
  return { method, path, summary, params, query, body, headers, confidential, scope, errors };
}

async function given<
  P extends z.ZodObject | undefined,
  Q extends z.ZodObject | undefined,
  B extends z.ZodObject | undefined,
>({ params, query, body }: Description<P, Q, B>, context: Context<WebEnv>): Promise<Given<P, Q, B>> {
  return {
    params: (params ? parsed(params, context.req.param()) : {}) as Values<P>,
    query: (query ? parsed(query, context.req.query()) : {}) as Values<Q>,
    body: (body ? parsed(body, await jsonOf(context)) : {}) as Values<B>,
    requester: requesterOf(context),
    origin: context.get('source').origin,
  };
}

/** @throws VoltError `bad_request` naming the parameter that does not fit */
function parsed(schema: z.ZodObject, value: unknown): unknown {
  const result = schema.safeParse(value, { error: validationMessage });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const parameter = issue?.path.join('.') || 'the body';
  throw new VoltError('bad_request', `${parameter} ${issue?.message ?? 'is not valid'}`, {
    remedy: `Correct "${parameter}"; /api/v1/openapi.json tells what it may be.`,
  });
}

/** A body may be left out; all that it can hold is optional. */
async function jsonOf(context: Context<WebEnv>): Promise<unknown> {
  const text = await context.req.text();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new VoltError('bad_request', 'the body is not JSON', { remedy: 'Send a JSON object, or no body.' });
  }
}
