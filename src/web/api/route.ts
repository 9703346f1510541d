import type { Context, Hono } from 'hono';
import * as z from 'zod';
import { type ErrorCode, VoltError } from '../../kernel/errors.ts';
import type { Role } from '../../kernel/roles.ts';
import { validationMessage } from '../../kernel/validation-message.ts';
import type { Caller } from '../access/caller.ts';
import type { WebEnv } from '../access/env.ts';
import { type Requester, requesterOf } from '../access/requester.ts';
import { requireRoleAt } from '../access/rights.ts';
import { withEtag } from '../http/etag.ts';
import { pageParameter } from '../schemas/paging.ts';
import type { Web } from '../services.ts';

const nothing = z.object({});
type Nothing = typeof nothing;

/** What a route takes. `P`, `Q` and `B` are the schemas of path parameters, query and body. */
interface RouteInput<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** below /api/v1, in hono's form: `/builds/:id` */
  path: string;
  summary: string;
  params?: P | undefined;
  query?: Q | undefined;
  body?: B | undefined;
  /** request headers and what each means */
  headers?: { [name: string]: string };
  /** whether reading needs a token, too */
  confidential?: boolean;
  /**
   * what the caller needs, in the repository that the path names, if it names one; by default `read` for GET that is not
   * confidential, else `admin`; null: to be signed in
   */
  role?: Role | null;
  /** whether it changes nothing although its method says so: the audit log has no entry of it */
  changesNothing?: boolean;
  /** the audit log's name of what a request does, where the body decides it */
  auditedAs?(body: z.output<B>): string | undefined;
  /** codes of the errors that it may answer, besides those of every route */
  errors?: readonly ErrorCode[];
}

/** A route. The server and the OpenAPI document are both made from it. */
export interface Route extends RouteInput<z.ZodObject, z.ZodObject, z.ZodObject> {
  role: Role | null;
  errors: readonly ErrorCode[];
  answer: Answer;
  answerTo(context: Context<WebEnv>, web: Web): Promise<Response>;
}

/** JSON by a schema, or content types and what each holds. */
export type Answer =
  | { status: 200 | 201 | 202; schema: z.ZodType }
  | { status: 200; content: { [type: string]: string }; partial?: boolean };

/** A request that fits the schemas of its route. */
interface Request<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject> {
  params: z.output<P>;
  query: z.output<Q>;
  body: z.output<B>;
  requester: Requester;
  /** id of the session that the request was sent with */
  session: string | undefined;
  /** scheme, host and port that the request was sent to */
  origin: string;
  /** network address of the sender */
  address: string;
}

/** A route that answers JSON. The schema `answer` checks what `handle` returns. */
export function jsonRoute<
  A extends z.ZodType,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  B extends z.ZodObject = Nothing,
>(
  input: RouteInput<P, Q, B> & {
    status?: 200 | 201 | 202;
    answer: A;
    /** for the audit log: what was changed, where the path does not name it */
    auditedTarget?(answer: z.output<A>, params: z.output<P>): string;
    handle(request: Request<P, Q, B>, web: Web): Promise<z.input<A>>;
  },
): Route {
  const { status = 200, answer, handle } = input;
  return {
    ...withDefaults(input),
    answer: { status, schema: answer },
    answerTo: async (context, web) => {
      const request = await requestOf(input, context);
      // where the path names nothing, the body names what is added, also if that fails
      if (!input.params) context.set('target', nameIn(request.body));
      const action = input.auditedAs?.(request.body);
      if (action !== undefined) context.set('action', action);
      const value = answer.parse(await handle(request, web)) as object;
      if (input.method !== 'get') {
        // the path does not name a new entry yet
        if (!input.params && 'name' in value) context.set('target', String(value.name));
        if (input.auditedTarget) context.set('target', input.auditedTarget(value as z.output<A>, request.params));
        if ('intent' in value) context.set('intent', Number(value.intent));
        return context.json(value, status);
      }
      const parameter = pageParameter(answer);
      if (parameter && 'next' in value && value.next !== null)
        context.header('link', nextPage(context, parameter, String(value.next)));
      return withEtag(context, context.json(value), input.confidential === true);
    },
  };
}

/** What a body is about, for the audit log. */
function nameIn(body: { readonly [field: string]: unknown }): string {
  return String(body.name ?? body.who ?? '');
}

/** A route about the account of the caller, who needs no role for it. */
export function ownRoute<A extends z.ZodType, P extends z.ZodObject = Nothing, B extends z.ZodObject = Nothing>(
  input: Pick<RouteInput<P, Nothing, B>, 'method' | 'path' | 'summary' | 'params' | 'body' | 'errors'> & {
    status?: 201;
    answer: A;
    auditedTarget?(answer: z.output<A>): string;
    handle(request: Request<P, Nothing, B> & { caller: Caller }, web: Web): Promise<z.input<A>>;
  },
): Route {
  return jsonRoute<A, P, Nothing, B>({
    ...input,
    confidential: true,
    role: null,
    handle: (request, web) => {
      const { caller } = request.requester;
      if (!caller) throw new Error('the route was not guarded');
      return input.handle({ ...request, caller }, web);
    },
  });
}

/** A route that answers a file or a stream. */
export function contentRoute<P extends z.ZodObject = Nothing, Q extends z.ZodObject = Nothing>(
  input: RouteInput<P, Q, Nothing> & {
    content: { [type: string]: string };
    partial?: boolean;
    handle(request: Request<P, Q, Nothing>, context: Context<WebEnv>, web: Web): Promise<Response>;
  },
): Route {
  const { content, partial = false, handle } = input;
  return {
    ...withDefaults(input),
    answer: { status: 200, content, partial },
    answerTo: async (context, web) => handle(await requestOf(input, context), context, web),
  };
}

function withDefaults(input: RouteInput<z.ZodObject, z.ZodObject, z.ZodObject>) {
  const { method, path, summary, params, query, body, headers = {}, confidential = false, errors = [] } = input;
  const { role = method === 'get' && !confidential ? 'read' : 'admin', changesNothing = false } = input;
  return { method, path, summary, params, query, body, headers, confidential, role, changesNothing, errors };
}

/** Adds the routes to an app, below its path. */
export function serveRoutes(app: Hono<WebEnv>, routes: readonly Route[], web: Web): void {
  for (const route of routes) {
    app.on(route.method.toUpperCase(), route.path, async (context) => {
      if (!route.changesNothing) context.set('action', actionOf(route));
      const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
      context.set('target', names.map((name) => context.req.param(name)).join(' '));
      if (route.confidential || route.method !== 'get')
        await requireRoleAt(context, web, { ...route, what: actionOf(route) });
      return route.answerTo(context, web);
    });
  }
}

const verbs = { get: 'get', put: 'set', patch: 'change', delete: 'remove', post: 'add' } as const;

/**
 * The stable name of what a route does, for the audit log and the OpenAPI document: `builds.cancel` for `POST
 * /builds/:id/cancel`, `repos.secrets.set` for `PUT /repos/:name/secrets/:entry`, `builds.list` for `GET /builds`.
 */
export function actionOf({ method, path, answer }: Pick<Route, 'method' | 'path' | 'answer'>): string {
  const words = path.split('/').filter((part) => part !== '' && !part.startsWith(':'));
  // the last word of a POST path is the verb, unless the path is just a list to add to
  if (method === 'post' && words.length > 1) return words.join('.');
  const isList = method === 'get' && 'schema' in answer && pageParameter(answer.schema) !== undefined;
  return [...words, isList ? 'list' : verbs[method]].join('.');
}

/** The address of the next page of a list, RFC 8288. */
function nextPage(context: Context<WebEnv>, parameter: string, next: string): string {
  const { pathname, searchParams } = new URL(context.req.url);
  searchParams.set(parameter, next);
  return `<${pathname}?${searchParams}>; rel="next"`;
}

/** @throws VoltError `bad_request` if the request does not fit the schemas */
async function requestOf<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodObject>(
  { params, query, body }: RouteInput<P, Q, B>,
  context: Context<WebEnv>,
): Promise<Request<P, Q, B>> {
  return {
    params: parsed(params, context.req.param()),
    query: parsed(query, context.req.query()),
    body: parsed(body, body && (await jsonOf(context))),
    requester: requesterOf(context),
    session: context.get('session'),
    origin: context.get('source').origin,
    address: context.get('source').address,
  };
}

function parsed<S extends z.ZodObject>(schema: S | undefined, value: unknown): z.output<S> {
  const result = (schema ?? nothing).safeParse(schema ? value : {}, { error: validationMessage });
  if (result.success) return result.data as z.output<S>;
  const issue = result.error.issues[0];
  const parameter = issue?.path.join('.') || 'the body';
  throw new VoltError('bad_request', `${parameter} ${issue?.message ?? 'is not valid'}`, {
    remedy: `Correct "${parameter}"; /api/v1/openapi.json says which values are valid.`,
  });
}

/** The body as JSON. It may be empty, like an empty object, and its content type does not matter. */
async function jsonOf(context: Context<WebEnv>): Promise<unknown> {
  const text = await context.req.text();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new VoltError('bad_request', 'the body is not JSON', { remedy: 'Send a JSON object, or no body.' });
  }
}
