/**
 * Who may read what Volt knows of a repository: `public` everybody, `internal` who may read as VOLT_READING says, `private`
 * only who has a token that names it, and administrators.
 */
export const visibilities = ['internal', 'private', 'public'] as const;

export type Visibility = (typeof visibilities)[number];
