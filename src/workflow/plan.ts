import * as z from 'zod';
import { secretNaming } from './call-secrets.ts';
import { permissions } from './permissions.ts';
import { type Json, template, templateMap, templates, valueTemplate } from './template.ts';

const json = z.json() as z.ZodType<Json>;
const jsonObject = z.record(z.string(), json);

/** One step of a job, with either `run` or `uses`. */
export const plannedStep = z.object({
  /** unique in the job: the id in the file, or one that is made as on GitHub (`__run`, `__run_2`, `__actions_checkout`) */
  id: z.string().min(1),
  /** absent if the file has none; GitHub then shows `Run <first line>` or `Run <action>` */
  name: template.optional(),
  /** an expression without `${{ }}`: that of the file, with `success() &&` before it if it has no status function */
  if: z.string().min(1),
  run: template.optional(),
  /** `owner/repo[/path]@ref`, `./path` or `docker://…`; never an expression */
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
 * One job of a workflow after matrix expansion, as it is stored and sent to a runner; at most 1 MB as JSON. Everything
 * that GitHub evaluates before a runner is chosen (name, runs-on, strategy, timeout, concurrency, the job's `if`) has
 * been evaluated. What GitHub evaluates on the runner is a template.
 */
export const workflowPlan = z.object({
  kind: z.literal('workflow'),
  /**
   * Whether it has containers beside its own, for `services` or `docker://` actions; else, whether it has `container`. Second, so
   * that the beginning of the text tells it, see record/later-plans.ts.
   */
  siblings: z.literal(true).optional(),
  containers: z.literal(true).optional(),
  /** path of the file in the repository, and the name that people see */
  workflow: z.object({
    path: z.string(),
    name: z.string(),
    /** for a called workflow of the same repository: its path */
    called: z.string().optional(),
    /** for a called workflow of another repository: the commit of the file and its path there */
    source: z.object({ repository: z.string(), ref: z.string(), sha: z.string(), path: z.string() }).optional(),
  }),
  /** the id of the job in its file */
  key: z.string(),
  /** names of GitHub's machines in `runs-on` that labels replace; runners may have images for them */
  runsOn: z.array(z.string()).optional(),
  steps: z.array(plannedStep),
  /** `env` of the workflow and of the job. The job's overrides that of the workflow, and can use it. Steps have their own. */
  env: z.object({ workflow: templates, job: templates }),
  /**
   * `defaults.run`; the job's overrides that of the workflow. `run` has the entries by name if expressions make them
   */
  defaults: z.object({
    shell: template.optional(),
    workingDirectory: template.optional(),
    run: templates.optional(),
  }),
  /** `container` and `services`; the job evaluates them before its first step */
  container: valueTemplate.optional(),
  services: valueTemplate.optional(),
  /** outputs of the job, evaluated at its end with the contexts of its steps */
  outputs: templateMap,
  /**
   * What it deploys to. `url` is evaluated at the end of the job, `secrets` are the names that the job itself uses: the secrets of
   * an environment replace those that calls pass on.
   */
  environment: z
    .object({ name: z.string(), url: template.optional(), secrets: z.union([z.literal('*'), z.array(z.string())]) })
    .optional(),
  /** time limit of the whole job in minutes */
  timeoutMinutes: z.number().positive(),
  /**
   * Contexts that are known before the job runs. The runner makes the others (env, job, runner, secrets, steps).
   * `github.event` is the payload for `event.json`; the runner adds its own fields to `github` (`workspace`, `action`,
   * `job` and so on).
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
   * `names`: secrets that the job may use, upper case; `*` if it selects them by an expression. `through`: for a job of a
   * called workflow, how each call passes them on, outermost first. Each call is evaluated with the `secrets` context of
   * the one before, and the last one makes the job's. Empty if the job gets the secrets as they are stored.
   */
  secrets: z.object({ names: z.union([z.literal('*'), z.array(z.string())]), through: z.array(secretNaming) }),
  /** of its tokens; absent where neither the job nor its workflow, nor a call, names any */
  permissions: permissions.optional(),
  /** set where they count only as far as jobs usually have them, since a call names none; see `isWithinUsual` */
  withinUsual: z.literal(true).optional(),
});
export type WorkflowPlan = z.infer<typeof workflowPlan>;
