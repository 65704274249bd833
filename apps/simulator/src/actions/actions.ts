import type { Action } from './action.js';
import type { ActionName } from './action-names.js';
import { assumeRole } from './assume-role.action.js';
import { createImage } from './create-image.action.js';
import { deleteImages } from './delete-images.action.js';
import { describeImages } from './describe-images.action.js';
import { describeInstances } from './describe-instances.action.js';
import { getCallerIdentity } from './get-caller-identity.action.js';

export const ACTIONS: Record<ActionName, Action> = {
  CreateImage: createImage,
  DescribeImages: describeImages,
  DescribeInstances: describeInstances,
  DeleteImages: deleteImages,
  GetCallerIdentity: getCallerIdentity,
  AssumeRole: assumeRole,
};
