/** The code of all stages, in one module that `up` loads while Redis starts. */
export { admitRunners } from '../../dispatcher/runner-rules.ts';
export { startDispatcher } from '../../dispatcher/start.ts';
export { startNotifier } from '../../notifier/start.ts';
export { startObserver } from '../../observer/start.ts';
export { Queues } from '../../queues/queues.ts';
export { startReporter } from '../../reporter/start.ts';
export { type RunnerStage, startRunner } from '../../runner/start.ts';
export { startWeb } from '../../web/start.ts';
