import { readFileSync } from 'node:fs';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '../http/access.js';

const PAGE = readFileSync(new URL('./start-page.html', import.meta.url), 'utf8');

/** Where a person who opens the service in a browser finds the way. */
@ApiExcludeController()
@Public()
@Controller()
export class StartPageController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return PAGE;
  }
}
