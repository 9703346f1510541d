import * as z from 'zod';
import { evaluateText } from './expression.ts';
import { type Json, templateMap } from './template.ts';

/** Contexts of the caller that the `secrets` of a call can use; `github` and `vars` are the same in all of the build. */
export const callersOwn = ['inputs', 'needs', 'matrix', 'strategy'] as const;

/**
 * How one call passes secrets on: templates by name, and the contexts of the caller that these use besides `secrets`. The
 * called workflow has other contexts with the same names.
 */
export const secretNaming = z.object({
  names: templateMap,
  contexts: z.partialRecord(z.enum(callersOwn), z.json() as z.ZodType<Json>),
  /** whether GITHUB_TOKEN is passed on only if it is named */
  withholdsToken: z.boolean().optional(),
});
export type SecretNaming = z.infer<typeof secretNaming>;

/**
 * The `secrets` context of a job of a called workflow.
 * @param through the calls that lead to the job, outermost first
 * @param store secrets of the outermost caller
 * @throws ExpressionFailed
 */
export function callSecrets(
  through: readonly SecretNaming[],
  store: Readonly<Record<string, string>>,
  { github, vars }: { github: Json; vars: Json },
): Record<string, string> {
  let current: Record<string, string> = { ...store };
  for (const { names, contexts, withholdsToken } of through) {
    const scope = { contexts: { github, vars, ...contexts, secrets: current } };
    const token = current.GITHUB_TOKEN;
    const next: Record<string, string> = Object.fromEntries(
      Object.entries(names).map(([name, template]) => [name, evaluateText(template, scope)]),
    );
    // as on GitHub, every call passes it on
    if (token !== undefined && !withholdsToken) next.GITHUB_TOKEN = token;
    current = next;
  }
  return current;
}
