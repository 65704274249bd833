import { imageView } from '../actions/image.view.js';
import type { Cloud } from '../cloud.js';
import { fields, nullable, oneOf } from '../json-reader.js';
import type { Image } from '../state/images.js';
import { ControlError } from './control-error.js';
import type { ControlCall } from './control-call.js';

const readForce = fields({
  state: nullable(oneOf(['CREATING', 'NORMAL', 'CREATEFAILED', 'SYNCING', 'IMPORTING', 'IMPORTFAILED', 'USING'])),
});

/** Shows every image, those too that DescribeImages does not show yet. */
export function list({ cloud, query }: ControlCall): unknown {
  const [uin, region, name] = [query.get('uin'), query.get('region'), query.get('name')];
  const found = cloud.images
    .all()
    .filter((image) => uin === null || image.uin === uin)
    .filter((image) => region === null || image.region === region)
    .filter((image) => name === null || image.name === name);
  return { data: found.map((image) => view(cloud, image)) };
}

export function force({ cloud, id, body }: ControlCall): unknown {
  const image = cloud.images.find(id);
  if (!image) throw new ControlError(404, `there is no image ${id}`);
  image.forcedState = readForce(body, 'image').state;
  return view(cloud, image);
}

export function clear({ cloud }: ControlCall): void {
  cloud.images.clear();
}

function view(cloud: Cloud, image: Image): unknown {
  const { imageId, uin, region, name, instanceId } = image;
  const state = cloud.images.stateOf(image);
  return {
    imageId,
    uin,
    region,
    name,
    instanceId,
    state,
    visible: cloud.images.isVisible(image),
    image: imageView(image, state),
  };
}
