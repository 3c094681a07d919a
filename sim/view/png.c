#include "sim/view/png.h"

#include <png.h>
#include <string.h>

Status view_png_write(const char *path, int width, int height, const unsigned char *rgb, Err *err) {
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = (png_uint_32)width;
    image.height = (png_uint_32)height;
    image.format = PNG_FORMAT_RGB;
    if (!png_image_write_to_file(&image, path, 0, rgb, 0, NULL))
        return err_set(err, STATUS_IO, "%s: %s", path, image.message);
    return STATUS_OK;
}
