import { ApiError } from '../api-error.js';
import { readParameters, required } from './parameters.js';

const FILTERS_MAX = 10;
const FILTER_VALUES_MAX = 5;

export interface Filter {
  name: string;
  values: string[];
}

/** At most 10 filters of at most 5 values; `allows` says which names the action knows. */
export function readFilters(given: Record<string, unknown>[], allows: (name: string) => boolean): Filter[] {
  if (given.length > FILTERS_MAX) throw tooMany(`At most ${FILTERS_MAX} filters are allowed.`);
  return given.map((entry) => {
    const { Name, Values } = readParameters(entry, { Name: 'string', Values: 'string[]' });
    const name = required(Name, 'Filters.Name');
    const values = required(Values, 'Filters.Values');
    if (!allows(name)) throw new ApiError('InvalidFilter', `The filter \`${name}\` is not supported.`);
    if (values.length > FILTER_VALUES_MAX)
      throw tooMany(`At most ${FILTER_VALUES_MAX} values are allowed for \`${name}\`.`);
    return { name, values };
  });
}

function tooMany(message: string): ApiError {
  return new ApiError('InvalidFilterValue.LimitExceeded', message);
}
