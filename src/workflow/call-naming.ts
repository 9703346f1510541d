import { callersOwn, type SecretNaming } from './call-secrets.ts';
import { expressionsIn, type Json, type Template, type TemplateMap } from './template.ts';
import type { CallJob, WorkflowSource } from './workflow.ts';

/**
 * Which secrets a call passes on. A workflow of another owner gets only the secrets that the call names, since the caller
 * does not control what it does with them.
 * @param from repository of the calling workflow, if it is not the one that is built
 * @param to repository of the called workflow, likewise
 * @returns undefined if the called workflow has the same secrets as its caller
 */
export function namingFor(
  { secrets }: Pick<CallJob, 'secrets'>,
  { from, to }: { from: WorkflowSource | undefined; to: WorkflowSource | undefined },
  contexts: Parameters<typeof namingOf>[1],
): SecretNaming | undefined {
  const hasOtherOwner = to !== undefined && !(from ? ownerOf(from) === ownerOf(to) : to.inherits);
  if (secrets === 'inherit') return hasOtherOwner ? { names: {}, contexts: {}, withholdsToken: true } : undefined;
  return { ...namingOf(secrets, contexts), ...(hasOtherOwner && { withholdsToken: true }) };
}

function ownerOf({ repository }: WorkflowSource): string | undefined {
  return repository.toLowerCase().split('/')[0];
}

/** The `secrets` of a call with the contexts that they use, so that they can be evaluated when the secrets are known. */
function namingOf(names: TemplateMap, contexts: { readonly [Name in (typeof callersOwn)[number]]: Json }) {
  const used = callersOwn.filter((context) => Object.values(names).some((template) => mentions(template, context)));
  return { names, contexts: Object.fromEntries(used.map((context) => [context, contexts[context]])) };
}

/** A false match does no harm: the name is then a word of a text or part of a longer path. */
function mentions(template: Template, context: string): boolean {
  return expressionsIn(template).some((expression) => expression.toLowerCase().includes(context));
}
