import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiResponse, getSchemaPath } from '@nestjs/swagger';

const WORDS = {
  400: 'The input does not fit; `errors` names every fault.',
  401: 'The API key is missing or not valid.',
  403: 'The API key lacks the scope, or its tenant is suspended.',
  404: 'There is no such object for this tenant.',
  409: 'It does not fit the present state; `code` says why.',
  413: 'The body has more than 1 MiB.',
  415: 'The body is not sent as application/json.',
  422: 'It was understood, but cannot be done; `code` says why.',
  429: 'Too many unknown keys came from this address, or this tenant has too many streams open; `code` says which, and `Retry-After` when to try again.',
  503: 'A part that is needed does not answer; `Retry-After` says when to try again.',
} as const;

class InputFaultView {
  @ApiProperty({
    description: 'JSON pointer into the body, `?name` for a query parameter, or the name of a header.',
    example: '/imageName',
  })
  pointer!: string;

  @ApiProperty({ description: 'What is wrong, stable.', example: 'too_long' })
  code!: string;

  @ApiProperty({ example: 'must have at most 60 characters' })
  detail!: string;
}

/** Every error has this form (RFC 9457). */
class ProblemView {
  @ApiProperty({ format: 'uri', description: 'A page that explains this kind of problem.' })
  type!: string;

  @ApiProperty({ example: 'Input is not valid' })
  title!: string;

  @ApiProperty({ example: 400 })
  status!: number;

  @ApiProperty({ description: 'What happened this time.' })
  detail!: string;

  @ApiProperty({ description: 'The path that was called.', example: '/v1/image-requests' })
  instance!: string;

  @ApiProperty({ description: 'Stable; what programs should look at.', example: 'invalid_input' })
  code!: string;

  @ApiProperty({ description: 'The same as in the `X-Request-Id` header.' })
  requestId!: string;

  @ApiProperty({ type: [InputFaultView], required: false, description: 'All faults of the input at once.' })
  errors?: InputFaultView[];
}

const RETRY_AFTER = {
  'Retry-After': { description: 'After how many seconds to try again.', schema: { type: 'integer' as const } },
};

/** Documents which problems a route may answer with. */
export function Problems(...statuses: readonly (keyof typeof WORDS)[]): ReturnType<typeof applyDecorators> {
  return applyDecorators(
    ApiExtraModels(ProblemView),
    ...statuses.map((status) =>
      ApiResponse({
        status,
        description: WORDS[status],
        ...(status === 429 || status === 503 ? { headers: RETRY_AFTER } : {}),
        content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemView) } } },
      }),
    ),
  );
}
