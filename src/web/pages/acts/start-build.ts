import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { startableAt } from '../../../record/startable.ts';
import { dispatchInputs } from '../../../workflow/inputs.ts';
import { definitionOf } from '../../../workflow/startable-input.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { requesterOf } from '../../access/requester.ts';
import { requestedEvent, triggerBuild } from '../../requests/builds.ts';
import { outcomeOf } from '../../requests/outcome.ts';
import { triggerRequest } from '../../schemas/intents.ts';
import type { Web } from '../../services.ts';
import { requestFrom } from '../fields/sent-form.ts';
import { answerBuildForm, type BuildForm } from './build-now.tsx';
import { inputPrefix } from './input-fields.tsx';

/** Milliseconds to wait for the build before a page waits for it. */
const patience = 4000;

/** Handles the form: starts the build and goes to its page, or shows the form again with what is wrong. */
export async function startBuildFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const requester = requesterOf(context);
  const name = context.req.param('name') ?? '';
  const { command } = await readRepository(web.database, requester.reader, name);
  const form = await formOf(context);
  const refuse = (change: Partial<BuildForm>, status: number) => {
    context.status(status as 400);
    return answerBuildForm(context, web, { ...form, ...change });
  };
  try {
    const { ref, workflow, inputs } = requestOf(form);
    const problems = command === null ? await problemsOf(web, name, form) : new Map<string, string>();
    if (problems.size > 0) return await refuse({ problems }, 400);
    const intent = await triggerBuild(web, requester, name, ref ?? null, requestedEvent({ workflow, inputs }));
    context.set('intent', intent);
    const { open, madeBuild, error } = await outcomeOf(web, requester.reader, intent, patience);
    if (error) return refuse({ refused: error }, error.httpStatus);
    return context.redirect(open || madeBuild === null ? `/requests/${intent}` : `/builds/${madeBuild}`, 303);
  } catch (error) {
    if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
    return refuse({ refused: error }, error.httpStatus);
  }
}

async function formOf(context: Context<WebEnv>): Promise<BuildForm> {
  const body = await context.req.parseBody();
  const text = (name: string) => (typeof body[name] === 'string' ? body[name] : '');
  const names = Object.keys(body).filter((name) => name.startsWith(inputPrefix));
  const values = Object.fromEntries(names.map((name) => [name.slice(inputPrefix.length), text(name)]));
  return { ref: text('ref').trim(), workflow: text('workflow'), values, problems: new Map() };
}

/** What is wrong with the inputs, by the workflow as an observer has read it last; the dispatcher checks them again. */
async function problemsOf(web: Web, repo: string, { ref, workflow, values }: BuildForm): Promise<Map<string, string>> {
  const answer = workflow === '' ? undefined : await startableAt(web.database, repo, ref === '' ? null : ref);
  const inputs = answer?.found?.workflows.find(({ path }) => path === workflow)?.inputs;
  const checked = inputs ? dispatchInputs(inputs.map(definitionOf), values) : { problems: [] };
  return new Map('problems' in checked ? checked.problems.map(({ input, message }) => [input, message]) : []);
}

/** The same request as of the API, with the same limits. @throws VoltError `bad_request` */
function requestOf({ ref, workflow, values }: BuildForm) {
  return requestFrom(triggerRequest, {
    ...(ref !== '' && { ref }),
    ...(workflow !== '' && { workflow, inputs: values }),
  });
}
