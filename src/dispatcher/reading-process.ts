import { serveTasks } from '../kernel/task-server.ts';
import { readWorkflows } from '../workflow/read-all.ts';

/** The process of reading.ts: a long file takes long to read, and the stage must answer meanwhile. */
serveTasks(readWorkflows);
