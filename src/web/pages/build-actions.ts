import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type BuildId, buildIdOf, type JobId, parseBuildId, parseJobId } from '../../kernel/model.ts';
import type { WebEnv } from '../access/env.ts';
import { requesterOf } from '../access/requester.ts';
import { nothingHere } from '../http/errors.ts';
import { approveBuild, approveJob } from '../requests/approvals.ts';
import { cancelBuild, cancelJob, retryBuild, retryJob } from '../requests/builds.ts';
import type { Web } from '../services.ts';

/** The buttons of a build's page, which work without a script. */

export function cancelFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, (id) => cancelBuild(web, requesterOf(context), id));
}

export function retryFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, async (id) => {
    const { failed } = await context.req.parseBody();
    return retryBuild(web, requesterOf(context), id, failed === '1');
  });
}

export function cancelJobFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return actOnJob(context, (job) => cancelJob(web, requesterOf(context), job));
}

export function retryJobFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return actOnJob(context, (job) => retryJob(web, requesterOf(context), job));
}

export function approveFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return act(context, async (id) => {
    const { job = [] } = await context.req.parseBody({ all: true });
    const jobs = [job].flat().flatMap((text) => parseJobId(String(text)) ?? []);
    await approveBuild(web, requesterOf(context), id, { ...(await decidedIn(context, 'builds')), jobs });
  });
}

export function approveJobFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return actOnJob(context, async (job) => approveJob(web, requesterOf(context), job, await decidedIn(context, 'jobs')));
}

async function decidedIn(context: Context<WebEnv>, of: 'builds' | 'jobs'): Promise<{ decline: boolean }> {
  const { decline } = await context.req.parseBody();
  if (decline === '1') context.set('action', `${of}.decline`);
  return { decline: decline === '1' };
}

async function act(context: Context<WebEnv>, ask: (id: BuildId) => Promise<unknown>): Promise<Response> {
  const id = parseBuildId(context.req.param('id') ?? '');
  if (id === undefined) return nothingHere(context);
  await noteIntent(context, ask(id));
  return context.redirect(`/builds/${id}`, 303);
}

async function actOnJob(context: Context<WebEnv>, ask: (job: JobId) => Promise<unknown>): Promise<Response> {
  const job = parseJobId(context.req.param('id') ?? '');
  if (job === undefined) return nothingHere(context);
  await noteIntent(context, ask(job));
  return context.redirect(`/builds/${buildIdOf(job)}?job=${job}`, 303);
}

/**
 * Notes the request that was made for the audit log. A conflict is ignored: the build has changed since the person saw the page,
 * and the page will show its new state.
 */
async function noteIntent(context: Context<WebEnv>, asked: Promise<unknown>): Promise<void> {
  try {
    const intent = await asked;
    if (typeof intent === 'number') context.set('intent', intent);
  } catch (error) {
    if (!(error instanceof VoltError && error.code === 'conflict')) throw error;
  }
}
