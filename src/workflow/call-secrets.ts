import { z } from 'zod';
import { evaluateText } from './expression.ts';
import { expressionsIn, type Json, type Template, type TemplateMap, templateMap } from './template.ts';

/** Contexts that the `secrets` of a call may use and that are the caller's own; `github` and `vars` are the build's. */
const callersOwn = ['inputs', 'needs', 'matrix', 'strategy'] as const;

/**
 * How one call on the way to a job names secrets anew: by which templates, and the contexts of the caller that those use
 * beside `secrets`. The called workflow has others under the same names.
 */
export const secretNaming = z.object({
  names: templateMap,
  contexts: z.partialRecord(z.enum(callersOwn), z.json() as z.ZodType<Json>),
});
export type SecretNaming = z.infer<typeof secretNaming>;

/** The `secrets` of a call with what they need to be evaluated elsewhere, once the secrets are known. */
export function namingOf(names: TemplateMap, contexts: { readonly [Name in (typeof callersOwn)[number]]: Json }) {
  const used = callersOwn.filter((context) => Object.values(names).some((template) => mentions(template, context)));
  return { names, contexts: Object.fromEntries(used.map((context) => [context, contexts[context]])) };
}

/** One too many does no harm: it is a word of a text, or of a longer path. */
function mentions(template: Template, context: string): boolean {
  return expressionsIn(template).some((expression) => expression.toLowerCase().includes(context));
}

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
  for (const { names, contexts } of through) {
    const scope = { contexts: { github, vars, ...contexts, secrets: current } };
    current = Object.fromEntries(
      Object.entries(names).map(([name, template]) => [name, evaluateText(template, scope)]),
    );
    // the runner's own is always there
    if (store.GITHUB_TOKEN !== undefined) current.GITHUB_TOKEN = store.GITHUB_TOKEN;
  }
  return current;
}
