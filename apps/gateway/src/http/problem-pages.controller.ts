import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { NotFound } from '#libs/errors';
import { Public } from './access.js';
import { PROBLEM_TYPES, type ProblemType } from './problem-types.js';

const TYPES: ReadonlyMap<string, ProblemType> = new Map(Object.entries(PROBLEM_TYPES));

/** What the `type` of a problem document leads to. */
@ApiExcludeController()
@Public()
@Controller('problems')
export class ProblemPagesController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  list(): string {
    const items = [...TYPES].map(
      ([code, { status, title }]) =>
        `<li><a href="/problems/${code}"><code>${code}</code></a> (${status}): ${title}</li>`,
    );
    return page('Problems', `<ul>${items.join('')}</ul>`);
  }

  @Get(':code')
  @Header('content-type', 'text/html; charset=utf-8')
  get(@Param('code') code: string): string {
    const type = TYPES.get(code);
    if (type === undefined) throw new NotFound('problem');
    const { status, title, meaning, remedy } = type;
    const body = `<p><code>${code}</code>, HTTP ${status}</p><p>${meaning}</p><p><strong>What to do:</strong> ${remedy}</p>`;
    return page(title, `${body}<p><a href="/problems">All problems</a></p>`);
  }
}

/** Everything in it stands in `PROBLEM_TYPES`; nothing comes from the request. */
function page(title: string, body: string): string {
  const head = `<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>`;
  const style =
    '<style>body{font:16px/1.5 system-ui,sans-serif;max-width:42rem;margin:4rem auto;padding:0 1rem}</style>';
  return `<!doctype html><html lang="en"><head>${head}${style}</head><body><h1>${title}</h1>${body}</body></html>`;
}
