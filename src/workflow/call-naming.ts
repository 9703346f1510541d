import { callersOwn, type SecretNaming } from './call-secrets.ts';
import { expressionsIn, type Json, type Template, type TemplateMap } from './template.ts';
import type { CallJob, WorkflowSource } from './workflow.ts';

/**
 * What a call makes of the secrets. A workflow of another owner's gets those alone that the call names: what it does with
 * them is not for the owner of the one that calls to say.
 * @param from where the workflow that calls is from, where that is another repository
 * @param to likewise, of the one that is called
 * @returns undefined where it has the same secrets as who calls it
 */
export function namingFor(
  { secrets }: Pick<CallJob, 'secrets'>,
  { from, to }: { from: WorkflowSource | undefined; to: WorkflowSource | undefined },
  contexts: Parameters<typeof namingOf>[1],
): SecretNaming | undefined {
  const isStranger = to !== undefined && !(from ? ownerOf(from) === ownerOf(to) : to.inherits);
  if (secrets === 'inherit') return isStranger ? { names: {}, contexts: {}, withholdsToken: true } : undefined;
  return { ...namingOf(secrets, contexts), ...(isStranger && { withholdsToken: true }) };
}

function ownerOf({ repository }: WorkflowSource): string | undefined {
  return repository.toLowerCase().split('/')[0];
}

/** The `secrets` of a call with what they need to be evaluated elsewhere, once the secrets are known. */
function namingOf(names: TemplateMap, contexts: { readonly [Name in (typeof callersOwn)[number]]: Json }) {
  const used = callersOwn.filter((context) => Object.values(names).some((template) => mentions(template, context)));
  return { names, contexts: Object.fromEntries(used.map((context) => [context, contexts[context]])) };
}

/** One too many does no harm: it is a word of a text, or of a longer path. */
function mentions(template: Template, context: string): boolean {
  return expressionsIn(template).some((expression) => expression.toLowerCase().includes(context));
}
