import type { WorkflowInput } from '../kernel/model/startable-shapes.ts';
import type { InputDefinition } from './workflow.ts';

/** An input as its definition in the workflow, by which values are checked. */
export function definitionOf({ name, type, required, default: standard, options }: WorkflowInput): InputDefinition {
  return { name, type, required, ...(standard !== null && { default: standard }), ...(options && { options }) };
}
