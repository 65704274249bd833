import { runInThisContext } from 'node:vm';

/** The environment that Node itself reads. What jest shows its tests as `process.env` is a copy. */
const environment = runInThisContext('process.env') as NodeJS.ProcessEnv;

/** Sets variables for the whole process, and gives what puts them back as they were. */
export function setEnvironment(variables: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(variables).map((name) => [name, environment[name]] as const);
  Object.assign(environment, variables);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete environment[name];
      else environment[name] = value;
    }
  };
}
