import type { Context } from 'hono';
import type { RunnerDrain } from '../../kernel/model/access-shapes.ts';
import type { RunnerState } from '../../kernel/model/runner-states.ts';
import type { WebEnv } from '../access/env.ts';
import { drain, resume } from '../requests/runners.ts';
import { longestDrainReason } from '../schemas/runners.ts';
import type { Web } from '../services.ts';
import type { FleetRunner } from '../status/fleet.ts';
import { stateText } from '../status/runner-state.ts';
import { Age } from './parts.tsx';

/** Classes of colour, see style.css. */
const colours: { readonly [S in RunnerState]: string } = {
  ready: 'success',
  unhealthy: 'error',
  draining: 'running',
  drained: 'cancelled',
  stopping: 'cancelled',
};

/** What a runner does, as a word with its colour. */
export function RunnerMark({ runner }: { runner: FleetRunner }) {
  return <span class={`status ${colours[runner.state]}`}>{stateText(runner)}</span>;
}

/** Who has drained a runner, since when and why. */
export function DrainNote({ drain: { by, since, reason }, now }: { drain: RunnerDrain; now: number }) {
  return (
    <>
      drained by {by}, <Age time={since} now={now} />
      {reason !== null && `: ${reason}`}
    </>
  );
}

/** The note of a connected runner. */
export function DrainOf({ runner: { drain, canDrain }, now }: { runner: FleetRunner; now: number }) {
  if (!drain) return null;
  return (
    <span class="by">
      <DrainNote drain={drain} now={now} />
      {!canDrain && '. It is of an older version of Volt, which cannot be drained: stop it instead.'}
    </span>
  );
}

/** The form that drains a runner or lets it take jobs again. */
export function DrainForm({ runner, isDrained }: { runner: string; isDrained: boolean }) {
  const path = `/runners/${encodeURIComponent(runner)}`;
  if (isDrained) {
    return (
      <form class="inline" method="post" action={`${path}/resume`}>
        <button type="submit">Resume</button>
      </form>
    );
  }
  return (
    <form class="inline" method="post" action={`${path}/drain`}>
      <label>
        <span class="hidden">Reason for draining (optional)</span>
        <input name="reason" maxlength={longestDrainReason} placeholder="Reason (optional)" />
      </label>
      <button type="submit">Drain</button>
    </form>
  );
}

/** Handles the button that drains a runner. */
export async function drainFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = context.req.param('name') ?? '';
  const { reason } = await context.req.parseBody();
  const text = typeof reason === 'string' ? reason.slice(0, longestDrainReason) : '';
  await drain(web, name, { by: context.get('caller')?.name ?? '', reason: text });
  return backTo(context, name);
}

/** Handles the button that lets a runner take jobs again. */
export async function resumeFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = context.req.param('name') ?? '';
  await resume(web, name);
  return backTo(context, name);
}

function backTo(context: Context<WebEnv>, runner: string): Response {
  return context.redirect(`/runners/${encodeURIComponent(runner)}`, 303);
}
