import { z } from 'zod';
import { secretNaming } from './call-secrets.ts';
import { type Json, template, templateMap, templates } from './template.ts';

const json = z.json() as z.ZodType<Json>;
const jsonObject = z.record(z.string(), json);

/** One step of a job. Either `run` or `uses` is there. */
export const plannedStep = z.object({
  /** unique in the job: the file's own id, or one made as GitHub makes them (`__run`, `__run_2`, `__actions_checkout`) */
  id: z.string().min(1),
  /** absent where the file gives none; GitHub then shows `Run <first line>` or `Run <action>` */
  name: template.optional(),
  /** an expression without `${{ }}`, always there: `success()`, or joined to it where the file names no status function */
  if: z.string().min(1),
  run: template.optional(),
  /** `owner/repo[/path]@ref`, `./path` or `docker://…`; never holds an expression */
  uses: z.string().optional(),
  with: templates.optional(),
  env: templates.optional(),
  shell: template.optional(),
  workingDirectory: template.optional(),
  /** boolean, see evaluateBoolean */
  continueOnError: template.optional(),
  /** number, see evaluateNumber */
  timeoutMinutes: template.optional(),
});
export type PlannedStep = z.infer<typeof plannedStep>;

/**
 * One job of a workflow, after the matrix, as it is stored and travels to a runner; at most 1 MB as JSON. Everything
 * that GitHub evaluates before a runner is chosen (name, runs-on, strategy, timeout, concurrency, the job's `if`) has
 * been evaluated; what it evaluates on the runner is a template here.
 */
export const workflowPlan = z.object({
  kind: z.literal('workflow'),
  /** the file, below the repository's root, and the name that people read */
  workflow: z.object({
    path: z.string(),
    name: z.string(),
    /** of a job of a called workflow of another repository: which commit of it the file is from, and its path there */
    source: z.object({ repository: z.string(), ref: z.string(), sha: z.string(), path: z.string() }).optional(),
  }),
  /** id of the job in its file */
  key: z.string(),
  steps: z.array(plannedStep),
  /** `env` of the workflow and of the job; the later goes before the earlier, and may use it. A step has its own. */
  env: z.object({ workflow: templates, job: templates }),
  /**
   * `defaults.run`, that of the job before that of the workflow; `run` has both by their names in a file, where
   * expressions say which there are
   */
  defaults: z.object({
    shell: template.optional(),
    workingDirectory: template.optional(),
    run: templates.optional(),
  }),
  /** outputs of the job, evaluated at its end with the contexts of its steps */
  outputs: templateMap,
  /** minutes that the whole job may take */
  timeoutMinutes: z.number().positive(),
  /**
   * Contexts that are known before the job runs, complete; those that are not here (env, job, runner, secrets, steps)
   * are the runner's. `github.event` is the payload for `event.json`; the runner adds what only it knows to `github`
   * (`workspace`, `action`, `job` and so on).
   */
  contexts: z.object({
    github: jsonObject,
    inputs: jsonObject,
    matrix: jsonObject.nullable(),
    strategy: jsonObject,
    needs: jsonObject,
    vars: z.record(z.string(), z.string()),
  }),
  /**
   * `names`: which secrets of the store the job may use, upper case; `*` where it names them by an expression.
   * `through`: for a job of a called workflow, how each call on the way names them anew, outermost first: the job's
   * `secrets` context is what the last one gives, each evaluated with the `secrets` context of the one before. Empty
   * where the context is the store's.
   */
  secrets: z.object({ names: z.union([z.literal('*'), z.array(z.string())]), through: z.array(secretNaming) }),
});
export type WorkflowPlan = z.infer<typeof workflowPlan>;
