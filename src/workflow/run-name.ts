import { evaluateText } from './expression.ts';
import { type BuildGraph, contextsOf } from './job-contexts.ts';

/** The `run-name` of each workflow of a build; those that cannot be evaluated are left out. */
export function runNames<Id>(graph: BuildGraph<Id>): string[] {
  const files = new Set(graph.states.map(({ node }) => node.file));
  return [...files].flatMap((file) => {
    const template = graph.workflows.get(file)?.runName;
    if (template === undefined) return [];
    try {
      const name = evaluateText(template, { contexts: contextsOf(graph, { file, path: '' }, []) }).trim();
      return name === '' ? [] : [name];
    } catch {
      return [];
    }
  });
}
