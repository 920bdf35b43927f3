import * as tf from '@tensorflow/tfjs';
import * as faces from '@vladmandic/face-api/dist/face-api.node-wasm.js';
import { loadPictures } from '../../core/pictures.ts';
import { SealError } from '../../core/seal-error.ts';

/** Why a picture gives no features. */
export type PictureFault = 'picture_unreadable' | 'no_face' | 'several_faces' | 'face_too_small';

export type FaceFeatures =
  | { readonly kind: 'features'; readonly features: Float32Array }
  | { readonly kind: 'unusable'; readonly reason: PictureFault };

/** More would only be made smaller: the detector looks at 512 x 512. */
const pixelsMax = 4_000_000;
const confidenceMin = 0.6;
/** Below this the recognition network sees mostly what was made up by enlarging. */
const facePixelsMin = 64;

/** Finds the one face in a PNG or JPEG file and describes it with 128 numbers. */
export type DescribeFace = (file: Uint8Array) => Promise<FaceFeatures>;

/**
 * Loads the networks of `@vladmandic/face-api`: a face detector (SSD on MobileNet v1), 68 landmarks,
 * and a recognition network of the ResNet-34 kind (weights of dlib's face recognition).
 *
 * @param folder has the networks' weights, and TensorFlow's WebAssembly modules
 */
export async function openFaces(folder: string): Promise<DescribeFace> {
  tf.enableProdMode();
  tf.setWasmPaths(`${folder}/`);
  if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend did not start');
  await tf.ready();
  const { ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet } = faces.nets;
  for (const net of [ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet]) {
    await net.loadFromDisk(folder);
  }
  const pictures = await loadPictures();
  const options = new faces.SsdMobilenetv1Options({ minConfidence: confidenceMin, maxResults: 4 });

  // The first run prepares what all later ones use.
  const blank = tf.tensor3d(new Int32Array(64 * 64 * 3), [64, 64, 3], 'int32');
  await faces.detectAllFaces(blank, options).withFaceLandmarks().withFaceDescriptors();
  blank.dispose();

  return async (file) => {
    const picture = rasterOf(file);
    if (!picture) return { kind: 'unusable', reason: 'picture_unreadable' };
    const tensor = tf.tensor3d(picture.rgb, [picture.height, picture.width, 3], 'int32');
    try {
      const found = await faces
        .detectAllFaces(tensor, options)
        .withFaceLandmarks()
        .withFaceDescriptors();
      const [face] = found;
      if (!face) return { kind: 'unusable', reason: 'no_face' };
      if (found.length > 1) return { kind: 'unusable', reason: 'several_faces' };
      const { width, height } = face.detection.box;
      if (Math.min(width, height) < facePixelsMin) {
        return { kind: 'unusable', reason: 'face_too_small' };
      }
      return { kind: 'features', features: face.descriptor };
    } finally {
      tensor.dispose();
    }
  };

  function rasterOf(file: Uint8Array) {
    try {
      const { width, height, rgba } = pictures.decode(file, { pixelsMax });
      const rgb = new Int32Array(width * height * 3);
      for (let from = 0, to = 0; from < rgba.length; from += 4) {
        for (let channel = 0; channel < 3; channel++) rgb[to++] = rgba[from + channel] ?? 0;
      }
      return { width, height, rgb };
    } catch (error) {
      if (error instanceof SealError) return undefined;
      throw error;
    }
  }
}
