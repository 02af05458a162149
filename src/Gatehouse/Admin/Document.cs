using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Gatehouse.Admin;

/// <summary>The OpenAPI document: made from the same lines that map the routes, so that it cannot fall behind.</summary>
internal static partial class Document
{
    public static IServiceCollection Add(IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.ShouldInclude = description => description.RelativePath?.StartsWith("admin/", StringComparison.Ordinal) == true;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Gatehouse admin API",
                Version = "1",
                Description = "Keycloak's addresses and representations, as far as they are honoured. Every call needs an access token of the realm it concerns, with the named client role of realm-management. " +
                    "Errors are problem+json; members of a body that are not understood are named in the header Gatehouse-Ignored; lists lead on with a Link header.",
            };
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme> { ["token"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" } };
            document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("token", document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, stop) =>
        {
            operation.Parameters = [];
            foreach (Match name in InPath().Matches(context.Description.RelativePath ?? ""))
                operation.Parameters.Add(new OpenApiParameter { Name = name.Groups[1].Value, In = ParameterLocation.Path, Required = true, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            foreach (var name in context.Description.ActionDescriptor.EndpointMetadata.OfType<QueryNames>().SelectMany(query => query.Names))
                operation.Parameters.Add(new OpenApiParameter { Name = name, In = ParameterLocation.Query, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            foreach (var body in context.Description.ActionDescriptor.EndpointMetadata.OfType<TakenBody>())
            {
                var schema = await context.GetOrCreateSchemaAsync(body.Type, null, stop);
                operation.RequestBody = new OpenApiRequestBody { Required = true, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = schema } } };
            }
        });
    });

    [GeneratedRegex(@"\{\*{0,2}(\w+)\}", RegexOptions.NonBacktracking)]
    private static partial Regex InPath();
}
