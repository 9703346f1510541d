import { allVariables, type NamedEntry } from '../../../record/all-settings.ts';
import { removeEnvironmentEntry, setEnvironmentVariable } from '../../../record/environment-entries.ts';
import { removeVariable, setVariable } from '../../../record/variables.ts';
import { variableEntry } from '../../schemas/config.ts';
import { auditedAs, type Kind, plainKind } from '../kind.ts';

/** Variables of one kind of owner. */
type VariableKind = Pick<Kind, 'at' | 'set' | 'remove'> & {
  /** the names in its path; undefined for a variable of another kind of owner */
  namesOf(variable: NamedEntry): string[] | undefined;
  /** the audit log's name of its list */
  list: string;
};

function variableKind({ namesOf, list, ...kind }: VariableKind): Kind {
  return {
    ...plainKind,
    ...kind,
    schema: variableEntry,
    read: async ({ database }) =>
      (await allVariables(database)).flatMap((variable) => {
        const names = namesOf(variable);
        return names ? [{ names, value: variable.value, secrets: {} }] : [];
      }),
    audited: auditedAs({ add: `${list}.set`, change: `${list}.set`, remove: `${list}.remove` }),
  };
}

/** Those of all repositories. */
export const variables = variableKind({
  at: ['variables', '*'],
  namesOf: ({ repo, name }) => (repo === null ? [name] : undefined),
  list: 'variables',
  set: ({ database }, { names: [name = ''], value }) =>
    setVariable(database, { repo: null, name, value: value as string }),
  remove: ({ database }, { names: [name = ''] }) => removeVariable(database, null, name),
});

export const repositoryVariables = variableKind({
  at: ['repositories', '*', 'variables', '*'],
  namesOf: ({ repo, environment, name }) => (repo !== null && environment === null ? [repo, name] : undefined),
  list: 'repos.variables',
  set: ({ database }, { names: [repo = '', name = ''], value }) =>
    setVariable(database, { repo, name, value: value as string }),
  remove: ({ database }, { names: [repo = '', name = ''] }) => removeVariable(database, repo, name),
});

export const environmentVariables = variableKind({
  at: ['repositories', '*', 'environments', '*', 'variables', '*'],
  namesOf: ({ repo, environment, name }) =>
    repo !== null && environment !== null ? [repo, environment, name] : undefined,
  list: 'repos.environments.variables',
  set: ({ database }, { names: [repo = '', environment = '', name = ''], value }) =>
    setEnvironmentVariable(database, { repo, environment, name, value: value as string }),
  remove: ({ database }, { names: [repo = '', environment = '', name = ''] }) =>
    removeEnvironmentEntry(database, 'environment_variables', { repo, environment, name }),
});
