/**
 * The words that every part of Volt shares: what a build consists of, its statuses, and how they move. The names are
 * those of ARCHITECTURE.md. The schemas of the shapes are in model/shapes.ts: a process that needs the types only does not
 * load zod.
 */
export * from './model/ids.ts';
export * from './model/new-step.ts';
export * from './model/reasons.ts';
export type * from './model/shapes.ts';
export * from './model/statuses.ts';
