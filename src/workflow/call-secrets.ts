import { z } from 'zod';
import { evaluateText } from './expression.ts';
import { type Json, templateMap } from './template.ts';

/** Contexts that the `secrets` of a call may use and that are the caller's own; `github` and `vars` are the build's. */
export const callersOwn = ['inputs', 'needs', 'matrix', 'strategy'] as const;

/**
 * How one call on the way to a job names secrets anew: by which templates, and the contexts of the caller that those use
 * beside `secrets`. The called workflow has others under the same names.
 */
export const secretNaming = z.object({
  names: templateMap,
  contexts: z.partialRecord(z.enum(callersOwn), z.json() as z.ZodType<Json>),
  /** whether even GITHUB_TOKEN goes only where it is named */
  withholdsToken: z.boolean().optional(),
});
export type SecretNaming = z.infer<typeof secretNaming>;

/**
 * The `secrets` context of a job of a called workflow.
 * @param through the calls that lead to it, outermost first
 * @param store the secrets that the outermost caller has
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
    // as on GitHub, it goes along with every call
    if (token !== undefined && !withholdsToken) next.GITHUB_TOKEN = token;
    current = next;
  }
  return current;
}
