// SPDX-License-Identifier: Apache-2.0
// Makes the goldens of this folder with TensorFlow.js' layers, which read the
// configurations that Keras 2 writes:
//
//   npm install @tensorflow/tfjs@4 && node make_goldens.mjs [FAMILY]...
//
// One file a family, one case a line: a Keras model, the shapes of its inputs
// and weights, and the values of its outputs. The values of inputs and weights
// are drawn by draw() below from the case's seed, here as in
// src/convert/keras_goldens_test.cc, and not kept.
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import * as tf from '@tensorflow/tfjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));

//--------------------------------------------------------------- one case

// Values between -1 and 1 from a fixed sequence.
function draw(count, seed) {
  const values = new Float32Array(count);
  let state = (Math.imul(seed, 2654435761) + 1) >>> 0;
  for (let i = 0; i < count; ++i) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = (state >>> 8) / 8388608 - 1;
  }
  return values;
}

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

// Integers below `below` where it is given; rows of -1 (what Masking looks
// for) at every third step where `masked` is set.
function inputOf(input, seed) {
  const shape = [input.batch ?? 2, ...input.shape];
  const values = draw(sizeOf(shape), seed);
  if (input.below) {
    for (let i = 0; i < values.length; ++i)
      values[i] = Math.floor((values[i] + 1) / 2 * input.below);
  }
  if (input.masked) {
    const [steps, row] = [shape[1], sizeOf(shape.slice(2))];
    for (let i = 0; i < values.length; ++i)
      if (Math.floor(i / row) % steps % 3 === 2) values[i] = -1;
  }
  return tf.tensor(values, shape);
}

function weightOf(name, shape, seed) {
  const values = draw(sizeOf(shape), seed);
  if (name.includes('variance'))
    for (let i = 0; i < values.length; ++i)
      values[i] = Math.abs(values[i]) + 0.5;
  return tf.tensor(values, shape);
}

const nameOf = (i) => String.fromCharCode(97 + i);

// A functional model: inputs "a", "b", …, then `layers`, each taking what it
// names in `from` (by default the layer before).
function modelOf(inputs, layers) {
  const all = inputs.map((input, i) => ({
    class_name: 'InputLayer', name: nameOf(i), inbound_nodes: [],
    config: {name: nameOf(i), dtype: 'float32', sparse: false,
             batch_input_shape: [null, ...(input.declared ?? input.shape)]}}));
  layers.forEach(({class_name, config, from}, i) => {
    const before = from ?? [i ? `l${i - 1}` : 'a'];
    all.push({class_name, name: `l${i}`,
              config: {name: `l${i}`, trainable: true, dtype: 'float32',
                       ...config},
              inbound_nodes: [before.map((name) => [name, 0, 0, {}])]});
  });
  const last = `l${layers.length - 1}`;
  return {class_name: 'Functional',
          config: {name: 'm', layers: all,
                   input_layers: inputs.map((_, i) => [nameOf(i), 0, 0]),
                   output_layers: [[last, 0, 0]]}};
}

async function goldenOf({inputs, layers}, seed) {
  const model_config = modelOf(inputs, layers);
  const topology = {keras_version: '2.15.0', backend: 'tensorflow',
                    model_config: structuredClone(model_config)};
  tf.disposeVariables();
  const model = await tf.loadLayersModel(
      tf.io.fromMemory({modelTopology: topology}));
  const weights = [];
  let next = seed * 64;
  for (const layer of model.layers) {
    if (layer.weights.length === 0) continue;
    const values = layer.weights.map((weight) => {
      // "l0/kernel", "l0/forward_lstm/kernel" …
      const name = weight.originalName.split('/').slice(1).join('/') ||
                   weight.originalName;
      weights.push({layer: layer.name, name, shape: weight.shape});
      return weightOf(name, weight.shape, ++next);
    });
    layer.setWeights(values);
  }
  const tensors = inputs.map((input, i) => inputOf(input, seed * 64 + 32 + i));
  const output = model.predict(tensors.length === 1 ? tensors[0] : tensors);
  const values = Array.from(await output.data());
  if (!values.every(Number.isFinite)) throw new Error('not finite');
  return {seed, model: model_config,
          inputs: inputs.map(({batch, shape, below, masked}) =>
              ({shape: [batch ?? 2, ...shape], below, masked})),
          weights, output: {shape: output.shape,
                            values: values.map((v) => +v.toPrecision(7))}};
}

//---------------------------------------------------------------- families

// Every combination of the options' values.
function grid(options) {
  return Object.entries(options).reduce(
      (cases, [key, values]) =>
          cases.flatMap((c) => values.map((v) => ({...c, [key]: v}))), [{}]);
}

const one = (shape, class_name, config = {}) =>
    ({inputs: [{shape}], layers: [{class_name, config}]});
const first = (shape, format) => format === 'channels_first' ?
    [shape.at(-1), ...shape.slice(0, -1)] : shape;
const FORMATS = ['channels_last', 'channels_first'];
const PADDINGS = ['valid', 'same'];

// Strides and dilations do not go together.
const spatial = (options) => grid(options).filter(
    ({strides, dilation_rate}) =>
        sizeOf(strides) === 1 || sizeOf(dilation_rate) === 1);

const families = {
  core: () => [
    ...grid({units: [1, 5], use_bias: [true, false],
             activation: ['linear', 'relu', 'softmax']})
        .map((config) => one([4], 'Dense', config)),
    one([3, 4], 'Dense', {units: 2, activation: 'tanh'}),
    one([2, 3, 4], 'Dense', {units: 2, activation: 'sigmoid'}),
    ...[[5], [2, 3]].map((shape) => (
        {inputs: [{shape, below: 7}], layers: [{class_name: 'Embedding',
            config: {input_dim: 7, output_dim: 3, mask_zero: false}}]})),
    ...['Dropout', 'GaussianDropout', 'AlphaDropout'].map(
        (name) => one([4], name, {rate: 0.5})),
    one([4], 'GaussianNoise', {stddev: 0.5}),
    one([4, 3], 'SpatialDropout1D', {rate: 0.5}),
    ...grid({scale: [1 / 255, 2], offset: [0, -1]})
        .map((config) => one([3, 3, 2], 'Rescaling', config)),
    {inputs: [{shape: [4], masked: false}],
     layers: [{class_name: 'Masking', config: {mask_value: 0}}]},
  ],

  activations: () => [
    ...['elu', 'relu', 'relu6', 'linear', 'sigmoid', 'hard_sigmoid',
        'softplus', 'softsign', 'tanh', 'softmax', 'selu', 'swish']
        .map((activation) => ({
          inputs: [{shape: [3, 4]}],
          layers: [{class_name: 'Dense', config: {units: 5, use_bias: true}},
                   {class_name: 'Activation', config: {activation}}]})),
    ...[{}, {max_value: 0.5}].map((config) => one([3, 4], 'ReLU', config)),
    ...[0.1, 0.3].map((alpha) => one([3, 4], 'LeakyReLU', {alpha})),
    one([3, 4], 'ELU', {alpha: 1}),
    ...[0, 0.4].map((theta) => one([3, 4], 'ThresholdedReLU', {theta})),
    ...[-1, 2].map((axis) => one([3, 4], 'Softmax', {axis})),
    ...[null, [1], [1, 2]].map(
        (shared_axes) => one([3, 4, 2], 'PReLU', {shared_axes})),
  ],

  convolutions: () => [
    ...spatial({kernel_size: [[1], [3]], strides: [[1], [2]],
                padding: PADDINGS, dilation_rate: [[1], [2]],
                use_bias: [true]})
        .map((config) => one([9, 3], 'Conv1D', {filters: 4, ...config})),
    ...spatial({kernel_size: [[2, 3]], strides: [[1, 1], [2, 2]],
                padding: PADDINGS, dilation_rate: [[1, 1], [2, 2]],
                data_format: FORMATS, use_bias: [true, false]})
        .map((config) => one(first([7, 6, 3], config.data_format), 'Conv2D',
                             {filters: 4, activation: 'relu', ...config})),
    // TensorFlow.js' layer leaves out the dilation.
    ...grid({kernel_size: [[3, 3]], strides: [[1, 1], [2, 2]],
             padding: PADDINGS, depth_multiplier: [1, 2],
             data_format: FORMATS})
        .map((config) => one(first([6, 7, 2], config.data_format),
                             'DepthwiseConv2D', config)),
    ...spatial({kernel_size: [[3, 2]], strides: [[1, 1], [2, 2]],
                padding: PADDINGS, dilation_rate: [[1, 1], [2, 2]],
                depth_multiplier: [1, 2], use_bias: [true]})
        .map((config) => one([6, 7, 2], 'SeparableConv2D',
                             {filters: 3, ...config})),
    ...grid({kernel_size: [[2, 2], [3, 2]], strides: [[1, 1], [2, 2], [2, 1]],
             padding: PADDINGS, data_format: FORMATS})
        .map((config) => one(first([4, 5, 3], config.data_format),
                             'Conv2DTranspose', {filters: 2, ...config})),
    ...grid({kernel_size: [[2, 3, 2]], strides: [[1, 1, 1], [2, 2, 2]],
             padding: PADDINGS, use_bias: [true, false]})
        .map((config) => one([4, 5, 4, 2], 'Conv3D', {filters: 3, ...config})),
    ...grid({kernel_size: [[2, 2, 2]], strides: [[1, 1, 1], [2, 2, 2]],
             padding: PADDINGS})
        .map((config) => one([3, 2, 3, 2], 'Conv3DTranspose',
                             {filters: 2, ...config})),
  ],

  pooling: () => [
    ...['Max', 'Average'].flatMap((kind) => [
      ...grid({pool_size: [[2], [3]], strides: [[1], [2]], padding: PADDINGS})
          .map((config) => one([7, 3], `${kind}Pooling1D`, config)),
      ...grid({pool_size: [[2, 2], [3, 2]], strides: [null, [1, 1], [2, 1]],
               padding: PADDINGS, data_format: FORMATS})
          .map((config) => one(first([6, 5, 3], config.data_format),
                               `${kind}Pooling2D`, config)),
      ...grid({pool_size: [[2, 2, 2], [2, 3, 2]],
               strides: [[1, 1, 1], [2, 2, 2]], padding: PADDINGS})
          .map((config) => one([4, 5, 4, 2], `${kind}Pooling3D`, config)),
      one([5, 3], `Global${kind}Pooling1D`),
      ...FORMATS.map((data_format) => one(first([4, 5, 3], data_format),
                                          `Global${kind}Pooling2D`,
                                          {data_format})),
    ]),
  ],

  shapes: () => [
    one([2, 3, 4], 'Flatten', {data_format: 'channels_last'}),
    one([2, 3, 4], 'Flatten', {data_format: 'channels_first'}),
    ...[[6, 4], [-1, 2], [2, 2, 6], [24]].map(
        (target_shape) => one([2, 3, 4], 'Reshape', {target_shape})),
    ...[[2, 1, 3], [3, 2, 1], [1, 3, 2]].map(
        (dims) => one([2, 3, 4], 'Permute', {dims})),
    one([4], 'RepeatVector', {n: 3}),
    ...grid({padding: [[[1, 1], [1, 1]], [[0, 2], [3, 1]]],
             data_format: FORMATS})
        .map((config) => one([3, 4, 2], 'ZeroPadding2D', config)),
    ...grid({cropping: [[[1, 1], [1, 1]], [[0, 1], [1, 0]]],
             data_format: FORMATS})
        .map((config) => one([4, 4, 4], 'Cropping2D', config)),
    ...grid({size: [[2, 2], [3, 1]], data_format: FORMATS})
        .map((config) => one([3, 4, 2], 'UpSampling2D',
                             {interpolation: 'nearest', ...config})),
  ],

  merging: () => [
    ...['Add', 'Multiply', 'Average', 'Maximum', 'Minimum'].flatMap((name) => [
      {inputs: [{shape: [3, 4]}, {shape: [3, 4]}],
       layers: [{class_name: name, from: ['a', 'b']}]},
      {inputs: [{shape: [3, 4]}, {shape: [3, 4]}, {shape: [3, 4]}],
       layers: [{class_name: name, from: ['a', 'b', 'c']}]},
    ]),
    {inputs: [{shape: [3, 4]}, {shape: [3, 1]}],
     layers: [{class_name: 'Add', from: ['a', 'b']}]},
    ...[-1, 1, 2].map((axis) => ({
      inputs: [{shape: [3, 3]}, {shape: axis === 1 ? [2, 3] : [3, 2]}],
      layers: [{class_name: 'Concatenate', config: {axis},
                from: ['a', 'b']}]})),
    ...grid({axes: [-1, [1, 1]], normalize: [false, true]})
        .map((config) => ({inputs: [{shape: [4]}, {shape: [4]}],
                           layers: [{class_name: 'Dot', config,
                                     from: ['a', 'b']}]})),
    ...grid({axes: [[1, 2], 2, [2, 2]], normalize: [false]})
        .map((config) => ({
          inputs: [{shape: [4, 4]}, {shape: [4, 4]}],
          layers: [{class_name: 'Dot', config, from: ['a', 'b']}]})),
  ],

  normalization: () => [
    // Along another axis than the last TensorFlow.js does not broadcast.
    ...grid({axis: [-1], center: [true, false], scale: [true, false],
             epsilon: [0.001, 0.1]})
        .flatMap((config) => [[4, 3], [3, 4, 3]].map(
            (shape) => one(shape, 'BatchNormalization',
                           {momentum: 0.9, ...config}))),
    ...grid({axis: [-1, [1, 2]], center: [true, false], scale: [true, false],
             epsilon: [0.001]})
        .map((config) => one([3, 4], 'LayerNormalization', config)),
  ],

  recurrent: () => {
    const layer = (name) => ({return_sequences, go_backwards, use_bias,
                              activation, recurrent_activation}) => ({
      class_name: name,
      config: {units: 4, activation, use_bias, return_sequences, go_backwards,
               ...(name === 'SimpleRNN' ? {} : {recurrent_activation}),
               ...(name === 'GRU' ? {reset_after: false} : {})}});
    const options = grid({return_sequences: [false, true],
                          go_backwards: [false, true],
                          use_bias: [true, false], activation: ['tanh'],
                          recurrent_activation: ['sigmoid', 'hard_sigmoid']});
    const x = {shape: [5, 3], declared: [null, 3]};
    const cell = (name, units) => ({class_name: name, config: {
      units, name: `cell_${units}`, activation: 'tanh',
      ...(name === 'SimpleRNNCell' ? {} : {recurrent_activation: 'sigmoid'}),
      ...(name === 'GRUCell' ? {reset_after: false} : {})}});
    const stacked = (cells) => ({class_name: 'StackedRNNCells',
                                 config: {name: 'stack', cells}});
    const cells = ['SimpleRNNCell', 'LSTMCell', 'GRUCell'];
    return [
      ...['SimpleRNN', 'LSTM', 'GRU'].flatMap((name) => [
        ...options.filter((o) => name !== 'SimpleRNN' ||
                                 o.recurrent_activation === 'sigmoid')
            .map((o) => ({inputs: [x], layers: [layer(name)(o)]})),
        // Masked steps.
        ...[false, true].map((return_sequences) => ({
          inputs: [{shape: [7, 3], declared: [null, 3], masked: true}],
          layers: [{class_name: 'Masking', config: {mask_value: -1}},
                   layer(name)({...options[0], return_sequences})]})),
        {inputs: [{shape: [5], below: 6}],
         layers: [{class_name: 'Embedding',
                   config: {input_dim: 6, output_dim: 3, mask_zero: true}},
                  layer(name)(options[0])]},
        ...grid({merge_mode: ['concat', 'sum', 'mul', 'ave'],
                 return_sequences: [false, true]})
            .map(({merge_mode, return_sequences}) => {
              const inner = layer(name)({...options[0], return_sequences});
              inner.config.name = 'inner';
              return {inputs: [x], layers: [{class_name: 'Bidirectional',
                  config: {merge_mode, layer: inner}}]};
            }),
        {inputs: [x], layers: [layer(name)({...options[0],
                                            return_sequences: true}),
                               layer(name)(options[0])]},
      ]),
      ...['relu', 'linear', 'softsign'].map((activation) => (
          {inputs: [x], layers: [layer('LSTM')({...options[0], activation})]})),
      ...cells.map((name) => ({inputs: [x], layers: [{class_name: 'RNN',
          config: {cell: cell(name, 4), return_sequences: true}}]})),
      ...cells.map((name) => ({inputs: [x], layers: [{class_name: 'RNN',
          config: {cell: stacked([cell(name, 3), cell(name, 2)])}}]})),
      ...[{class_name: 'Dense', config: {name: 'inner', units: 2}},
          {class_name: 'Conv2D',
           config: {name: 'inner', filters: 2, kernel_size: [2, 2]}}]
          .map((inner, i) => one(i ? [3, 4, 4, 2] : [3, 4], 'TimeDistributed',
                                 {layer: inner})),
      ...grid({padding: PADDINGS, return_sequences: [false, true],
               strides: [[1, 1], [2, 2]],
               recurrent_activation: ['sigmoid', 'hard_sigmoid']})
          .map((config) => one([3, 5, 4, 2], 'ConvLSTM2D',
                               {filters: 2, kernel_size: [2, 2],
                                activation: 'tanh', ...config})),
    ];
  },
};

async function main() {
  await tf.setBackend('cpu');
  const wanted = process.argv.slice(2);
  for (const [family, cases] of Object.entries(families)) {
    if (wanted.length > 0 && !wanted.includes(family)) continue;
    const lines = [];
    for (const each of cases()) {
      try {
        lines.push(JSON.stringify(await goldenOf(each, lines.length + 1)));
      } catch (error) {
        const what = each.layers.map((l) => JSON.stringify(l)).join(' ');
        console.error(`${family}: ${what.slice(0, 200)}: ${error.message}`);
      }
    }
    fs.writeFileSync(path.join(HERE, `${family}.jsonl`),
                     lines.join('\n') + '\n');
    console.log(`${family}: ${lines.length} cases`);
  }
}

await main();
