import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { type ErrorCode, VoltError } from '../../../kernel/errors.ts';
import type { StartableWorkflow } from '../../../kernel/model/startable-shapes.ts';
import { shortRef } from '../../../kernel/ref-name.ts';
import { hint } from '../../../kernel/similar-words.ts';
import { refNames } from '../../../record/branches.ts';
import { listEnvironments } from '../../../record/environments.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { StartableAnswer } from '../../../record/startable.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { isAnswered, startableOf } from '../../requests/startable.ts';
import type { Problem } from '../../schemas/terms.ts';
import type { Web } from '../../services.ts';
import { Field } from '../fields/field.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Problems } from '../parts.tsx';
import { Words } from '../words.tsx';
import { above } from './crumbs.ts';
import { InputFields } from './input-fields.tsx';

/** Milliseconds to wait for an observer that reads the workflows. */
const patience = 3000;
/** Seconds after which a browser asks again while it has not. */
const again = 2;
/** Branches and tags that the field for the ref completes. */
const mostRefs = 500;

/** What a person has chosen and filled in so far. */
export interface BuildForm {
  /** empty for the default branch */
  ref: string;
  /** path of the workflow; empty for what a push runs */
  workflow: string;
  /** texts by the names of inputs */
  values: { [input: string]: string };
  /** what is wrong, by the names of inputs */
  problems: ReadonlyMap<string, string>;
  /** why the build could not be started */
  refused?: VoltError | undefined;
}

/** `/repos/:name/build`: the form that builds a ref now, or starts one workflow of it with its inputs. */
export async function buildNowPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  const { ref = '', workflow = '' } = context.req.query();
  return answerBuildForm(context, web, { ref: ref.trim(), workflow, values: {}, problems: new Map() });
}

/** Answers with the form. */
export async function answerBuildForm(context: Context<WebEnv>, web: Web, form: BuildForm): Promise<Response> {
  const repository = await readRepository(web.database, context.get('reader'), context.req.param('name') ?? '');
  const { name, command } = repository;
  requireRole(context, 'run', 'starting a build', name);
  const [{ answer, wrong }, refs, environments] = await Promise.all([
    command === null ? lookUp(web, repository, form.ref) : { answer: undefined, wrong: undefined },
    refNames(web.database, name, mostRefs),
    listEnvironments(web.database, name),
  ]);
  const isReading = command === null && wrong === undefined && !(answer && isAnswered(answer));
  if (isReading && context.req.method === 'GET') context.header('refresh', String(again));
  const names = refs.map(shortRef);
  const chosen = answer?.found?.workflows.find(({ path }) => path === form.workflow);
  const refProblem = wrong ?? answer?.error ?? (isOfRef(form.refused) ? form.refused : undefined);
  return answerPage(context, web, {
    title: `Build ${name} now`,
    section: 'repositories',
    confidential: true,
    content: (
      <article class="act">
        <PageHead title={`Build ${name} now`} above={above(name)} />
        {form.refused && !isOfRef(form.refused) && <Problems problems={[form.refused]} />}
        <div class="panel">
          <form method="get" action={`/repos/${name}/build`}>
            <Field
              label="Branch, tag or commit"
              name="ref"
              value={form.ref || (repository.defaultBranch ?? '')}
              hint={commitOf(answer, isReading)}
              problem={refProblem && problemText(refProblem, form.ref, names)}
              list={names}
            >
              <button type="submit">Choose</button>
            </Field>
            {form.workflow !== '' && <input type="hidden" name="workflow" value={form.workflow} />}
          </form>
          <Unread answer={answer} repository={repository} />
          {answer?.found && <Choices repository={repository} form={form} answer={answer} chosen={chosen} />}
          {form.workflow !== '' && answer?.found && !chosen && (
            <p class="wrong">
              This commit has no workflow <code>{form.workflow}</code> that can be started by hand.
            </p>
          )}
          {!refProblem && (chosen !== undefined || form.workflow === '') && (
            <form class="fields" method="post" action={`/repos/${name}/build`}>
              <input type="hidden" name="ref" value={form.ref} />
              <input type="hidden" name="workflow" value={chosen?.path ?? ''} />
              {chosen && <Inputs workflow={chosen} form={form} environments={environments.map((one) => one.name)} />}
              <button type="submit" class="primary">
                {chosen ? 'Run workflow' : 'Build now'}
              </button>
            </form>
          )}
        </div>
      </article>
    ),
  });
}

/** The workflows at the ref, or why its name is no name of a ref. */
async function lookUp(
  web: Web,
  repository: ObservedRepository,
  ref: string,
): Promise<{ answer: StartableAnswer | undefined; wrong: VoltError | undefined }> {
  try {
    return { answer: await startableOf(web, repository, ref === '' ? null : ref, patience), wrong: undefined };
  } catch (error) {
    if (error instanceof VoltError && error.code === 'bad_ref') return { answer: undefined, wrong: error };
    throw error;
  }
}

const ofRef: readonly ErrorCode[] = ['bad_ref', 'commit_missing'];

function isOfRef(error: VoltError | undefined): boolean {
  return error !== undefined && ofRef.includes(error.code);
}

/** What is wrong with a ref, with the name that may be meant. */
function problemText({ code, message, remedy }: Problem, ref: string, names: readonly string[]): string {
  return code === 'commit_missing' ? `${message}${hint(ref, names)}` : `${message}. ${remedy}`;
}

/** Which commit the ref is at. */
function commitOf(answer: StartableAnswer | undefined, isReading: boolean): Child {
  const found = answer?.found;
  if (isReading) return 'Reading its workflows…';
  if (!found) return undefined;
  return (
    <>
      {shortRef(found.ref)} is at <code title={found.sha}>{found.sha.slice(0, 10)}</code>
    </>
  );
}

/** Why workflows of the commit cannot be started. */
function Unread(shown: { answer: StartableAnswer | undefined; repository: ObservedRepository }) {
  const { answer, repository } = shown;
  const { command } = repository;
  if (command !== null)
    return (
      <p class="faint">
        Its builds run <code>{command}</code>, so its workflows do not run.
      </p>
    );
  const invalid = answer?.found?.invalid ?? [];
  if (invalid.length === 0) return null;
  return (
    <Problems
      problems={invalid.map(({ path, message }) => ({
        code: 'invalid_workflow',
        message: `${path} is invalid`,
        remedy: message,
      }))}
    />
  );
}

interface Chosen {
  repository: ObservedRepository;
  form: BuildForm;
  answer: StartableAnswer;
  chosen: StartableWorkflow | undefined;
}

/** What to run: what a push of the ref runs, or one of its workflows. */
function Choices({ repository: { name }, form: { ref, workflow }, answer: { found }, chosen }: Chosen) {
  if (!found || found.workflows.length === 0) return null;
  const address = (path: string) => {
    const query = new URLSearchParams({ ...(ref !== '' && { ref }), ...(path !== '' && { workflow: path }) });
    return `/repos/${name}/build${query.size === 0 ? '' : `?${query}`}`;
  };
  const link = (path: string, isCurrent: boolean, text: Child) => (
    <a href={address(path)} aria-current={isCurrent ? 'true' : undefined}>
      {text}
    </a>
  );
  return (
    <div class="field">
      <span class="caption">Run</span>
      <nav class="workflows" aria-label="What to run">
        {link('', workflow === '', 'What a push runs')}
        {found.workflows.map((one) =>
          link(
            one.path,
            one === chosen,
            <>
              {one.name}
              {one.name !== one.path && <span class="by"> {one.path.replace(/^.*\//, '')}</span>}
            </>,
          ),
        )}
      </nav>
    </div>
  );
}

function Inputs(shown: { workflow: StartableWorkflow; form: BuildForm; environments: readonly string[] }) {
  const { workflow, form, environments } = shown;
  if (workflow.inputs === null)
    return (
      <p class="faint">
        <Words
          text={`Its inputs are too many or too long for a form. Give them by \`volt trigger --input NAME=VALUE\`, or run it with the defaults.`}
        />
      </p>
    );
  const { inputs } = workflow;
  const others = [...form.problems].filter(([input]) => !inputs.some(({ name }) => name === input));
  return (
    <>
      {inputs.length === 0 && <p class="faint">This workflow takes no inputs.</p>}
      {others.map(([, message]) => (
        <p class="wrong">
          <Words text={message} />
        </p>
      ))}
      <InputFields {...{ inputs, environments }} values={form.values} problems={form.problems} />
    </>
  );
}
