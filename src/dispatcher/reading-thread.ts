import { parentPort } from 'node:worker_threads';
import type { WorkflowFile } from '../workflow/files.ts';
import { readWorkflows } from '../workflow/read-all.ts';

/** The thread of reading.ts: a long file takes long to read, and the stage must answer meanwhile. */
parentPort?.on('message', (files: WorkflowFile[]) => parentPort?.postMessage(readWorkflows(files)));
