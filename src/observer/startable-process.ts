import { serveTasks } from '../system/task-server.ts';
import type { WorkflowFile } from '../workflow/files.ts';
import { startableIn } from '../workflow/startable.ts';

/** The process of startable.ts. */
serveTasks((files: readonly WorkflowFile[]) => startableIn(files));
